import type { AccountToken, Amount, Entry } from "@credit-activity/client";

/** A project of the product. */
export interface DemoProject {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** The initial text of the composer. */
  readonly prompt: string;
  /** Further prompts. */
  readonly ideas: readonly string[];
  /** True if the project was built before the first task. */
  readonly built: boolean;
}

/** An account that the visitor can use. */
export interface DemoAccount {
  readonly account: string;
  readonly name: string;
  readonly plan: string;
  readonly person: string;
  readonly email: string;
  readonly projects: readonly DemoProject[];
}

/** The state of a task. */
export type TaskState = "running" | "paused" | "stopped" | "done" | "out_of_credits" | "failed";

/** A step of a task, with the entry that charged it. */
export interface TaskStep {
  readonly n: number;
  readonly kind: "ai" | "build";
  readonly label: string;
  readonly source: string;
  readonly status: "running" | "done" | "refused";
  readonly entry: Entry | null;
  readonly at: string;
}

/** A task of the demo's server. */
export interface Task {
  readonly id: string;
  readonly state: TaskState;
  readonly prompt: string;
  readonly title: string;
  readonly stepsTotal: number;
  readonly stepsDone: number;
  readonly steps: readonly TaskStep[];
  readonly spent: Amount;
  readonly required: Amount | null;
  readonly available: Amount | null;
  readonly message: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** The task of one project, and the states of all tasks of the account. */
export interface Tasks {
  readonly states: Readonly<Record<string, TaskState | "idle">>;
  readonly task: Task | null;
}

/** An action on the task of a project. */
export type TaskAction =
  | { readonly action: "start"; readonly prompt: string }
  | { readonly action: "pause" | "resume" | "stop" };

const TIMEOUT_MS = 8_000;

/** Reads the accounts of the demo. */
export async function fetchAccounts(signal: AbortSignal): Promise<readonly DemoAccount[]> {
  const { accounts } = await request<{ accounts: readonly DemoAccount[] }>(
    "GET",
    "/demo/accounts",
    undefined,
    signal,
  );
  return accounts;
}

/** Creates a token that reads an account. */
export async function fetchToken(account: string): Promise<string> {
  return (await request<AccountToken>("POST", "/demo/token", { account })).token;
}

/** Reads the tasks of an account. */
export function fetchTasks(account: string, project: string, signal: AbortSignal): Promise<Tasks> {
  return request("GET", `/demo/tasks?${new URLSearchParams({ account, project })}`, undefined, signal);
}

/** Starts, pauses, resumes or stops the task of a project. */
export function sendAction(account: string, project: string, action: TaskAction): Promise<Tasks> {
  return request("POST", "/demo/tasks", { account, project, ...action });
}

/** Buys a pack of credits. The same order counts once. */
export async function buyCredits(account: string, order: string): Promise<void> {
  await request("POST", "/demo/credits", { account, order });
}

async function request<Value>(
  method: "GET" | "POST",
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Value> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(path, {
    method,
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
  const result: unknown = await response.json();
  if (!response.ok) {
    const { detail } = result as { readonly detail?: string };
    throw new Error(detail ?? `The server responded with ${response.status}. Try again in a moment.`);
  }
  return result as Value;
}
