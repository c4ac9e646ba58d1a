import type { AccountToken, Amount } from "@credit-activity/client";

/** A project of the product. */
export interface DemoProject {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** What the composer starts with. */
  readonly prompt: string;
  /** Other things to ask for. */
  readonly ideas: readonly string[];
  /** Whether there is something to see before the first task. */
  readonly built: boolean;
}

/** An account the visitor can be signed in with. */
export interface DemoAccount {
  readonly account: string;
  readonly name: string;
  readonly plan: string;
  readonly person: string;
  readonly email: string;
  readonly projects: readonly DemoProject[];
}

/** Where a task stands. */
export type TaskState = "running" | "paused" | "stopped" | "done" | "out_of_credits" | "failed";

/** A step of a task, with what it took. */
export interface TaskStep {
  readonly n: number;
  readonly kind: "ai" | "build";
  readonly label: string;
  readonly source: string;
  readonly status: "running" | "done" | "refused";
  readonly credits: Amount | null;
  readonly original_credits: Amount | null;
  readonly at: string;
}

/** A task of the demo's backend. */
export interface Task {
  readonly id: string;
  readonly state: TaskState;
  readonly prompt: string;
  readonly title: string;
  readonly steps_total: number;
  readonly steps_done: number;
  readonly steps: readonly TaskStep[];
  readonly spent: Amount;
  readonly required: Amount | null;
  readonly available: Amount | null;
  readonly message: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/** The task of one project, and where those of the others stand. */
export interface Tasks {
  readonly states: Readonly<Record<string, TaskState | "idle">>;
  readonly task: Task | null;
}

/** What can be asked of a task. */
export type TaskAction =
  | { readonly action: "start"; readonly prompt: string }
  | { readonly action: "pause" | "resume" | "stop" };

const TIMEOUT_MS = 8_000;

/** The accounts of the demo. */
export async function fetchAccounts(signal: AbortSignal): Promise<readonly DemoAccount[]> {
  const { accounts } = await ask<{ accounts: readonly DemoAccount[] }>(
    "GET",
    "/demo/accounts",
    undefined,
    signal,
  );
  return accounts;
}

/** A fresh read-only token of an account. */
export async function fetchToken(account: string): Promise<string> {
  return (await ask<AccountToken>("POST", "/demo/token", { account })).token;
}

/** Where the tasks of an account stand. */
export function fetchTasks(account: string, project: string, signal: AbortSignal): Promise<Tasks> {
  return ask("GET", `/demo/tasks?${new URLSearchParams({ account, project })}`, undefined, signal);
}

/** Starts, pauses, resumes or stops the task of a project. */
export function sendAction(account: string, project: string, action: TaskAction): Promise<Tasks> {
  return ask("POST", "/demo/tasks", { account, project, ...action });
}

/** Buys a pack of credits; the same order counts once. */
export async function buyCredits(account: string, order: string): Promise<void> {
  await ask("POST", "/demo/credits", { account, order });
}

async function ask<Value>(
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
  const answer: unknown = await response.json();
  if (!response.ok) {
    const { detail } = answer as { readonly detail?: string };
    throw new Error(detail ?? `The server answered with ${response.status}.`);
  }
  return answer as Value;
}
