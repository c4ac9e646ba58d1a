import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { amount, type CreditsClient, type Entry, InsufficientCreditsError } from "@credit-activity/client";
import { formatCredits, parseCredits } from "@credit-activity/server";
import type { DemoProject } from "../demo-accounts.js";
import { type PlannedStep, planTask } from "./plan.js";

/** Where a task stands. Only a running one spends credits. */
export type TaskState = "running" | "paused" | "stopped" | "done" | "out_of_credits" | "failed";

/** A step as the page shows it; amounts are decimal strings. */
export interface StepView {
  readonly n: number;
  readonly kind: PlannedStep["kind"];
  readonly label: string;
  readonly source: string;
  readonly status: "running" | "done" | "refused";
  /** What it took, as a positive amount; null until it has. */
  readonly credits: string | null;
  readonly original_credits: string | null;
  readonly at: string;
}

/** A task as the page shows it. */
export interface TaskView {
  readonly id: string;
  readonly state: TaskState;
  readonly prompt: string;
  readonly title: string;
  readonly steps_total: number;
  readonly steps_done: number;
  readonly steps: readonly StepView[];
  readonly spent: string;
  /** What the account would have to have for the next step, where it has not. */
  readonly required: string | null;
  readonly available: string | null;
  readonly message: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
}

/** A task under way. It pays for each step before it counts as done, and stops when one is not covered. */
export interface Task {
  view(): TaskView;
  /** Interrupts it; resolves when nothing is in flight. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it after what is in flight; resolves when nothing is. */
  stop(): Promise<void>;
}

export interface TaskOptions {
  readonly client: CreditsClient;
  readonly account: string;
  readonly project: DemoProject;
  readonly prompt: string;
  /** How much faster than planned the steps go, for tests. */
  readonly speed?: number;
}

/** Starts a task. */
export function startTask(options: TaskOptions): Task {
  const { client, account, project, prompt, speed = 1 } = options;
  const id = randomUUID();
  const plan = planTask(project, prompt);
  const steps: StepView[] = [];
  const startedAt = new Date().toISOString();
  let state: TaskState = "running";
  let spent = parseCredits("0") as bigint;
  let endedAt: string | null = null;
  let refusal: Pick<TaskView, "required" | "available" | "message"> = noRefusal;
  let wake = new AbortController();

  const end = (as: TaskState) => {
    state = as;
    endedAt = new Date().toISOString();
  };
  const change = (n: number, to: Partial<StepView>) => {
    steps[n - 1] = { ...(steps[n - 1] as StepView), ...to };
  };
  // What the step looks like while it works: a pause or stop cuts it short, and nothing has been charged yet.
  const work = async (ms: number): Promise<boolean> => {
    const woken = await sleep(ms / speed, false, { signal: wake.signal }).catch(() => true);
    return !woken && state === "running";
  };

  async function carryOut(step: PlannedStep, n: number): Promise<boolean> {
    steps[n - 1] = shown(step, n, project);
    const entry = await (step.kind === "ai"
      ? callModel(step, `task:${id}:${n}`, work)
      : runBuild(step, `task:${id}:${n}`, work));
    if (entry === null) {
      steps.length = n - 1;
      return false;
    }
    const used = unsigned(entry.credits);
    spent += parseCredits(used);
    const original = entry.original_credits === null ? null : unsigned(entry.original_credits);
    change(n, { status: "done", credits: used, original_credits: original });
    return true;
  }

  /** A model's price is known when it has answered: the call works, then takes its credits. */
  async function callModel(step: PlannedStep, key: string, working: Work): Promise<Entry | null> {
    if (!(await working(step.durationMs))) return null;
    const { entry } = await client.spend(
      account,
      { kind: "ai_usage", ...charge(step, project, plan.title) },
      { key },
    );
    return entry;
  }

  /** A build must not run on credits that are spent elsewhere meanwhile: it sets them aside first. */
  async function runBuild(step: PlannedStep, key: string, working: Work): Promise<Entry | null> {
    const { credits, source, description } = charge(step, project, plan.title);
    const base = { kind: "build_usage", credits, source, project: project.id, description } as const;
    const { hold } = await client.hold(
      account,
      { ...base, expires_in: 300 },
      { key: `${key}:hold:${holds++}` },
    );
    if (!(await working(step.durationMs))) {
      await client.release(account, hold.hold, { key: `${key}:release:${hold.hold}` });
      return null;
    }
    const { entry } = await client.settle(
      account,
      hold.hold,
      { credits },
      { key: `${key}:settle:${hold.hold}` },
    );
    return entry;
  }
  let holds = 0;

  async function loop(): Promise<void> {
    for (let n = steps.length + 1; n <= plan.steps.length && state === "running"; ) {
      if (await carryOut(plan.steps[n - 1] as PlannedStep, n)) n += 1;
    }
    if (state === "running") end("done");
  }

  const run = () => {
    running = running.then(loop).catch((error: unknown) => {
      if (steps.at(-1)?.status === "running") change(steps.length, { status: "refused" });
      refusal = refusalFrom(error, plan.steps[steps.length - 1]);
      end(error instanceof InsufficientCreditsError ? "out_of_credits" : "failed");
    });
  };
  let running: Promise<void> = Promise.resolve();
  run();

  return {
    view: () => ({
      id,
      state,
      prompt,
      title: plan.title,
      steps_total: plan.steps.length,
      steps_done: steps.filter((step) => step.status === "done").length,
      steps: [...steps],
      spent: formatCredits(spent),
      ...refusal,
      started_at: startedAt,
      ended_at: endedAt,
    }),
    async pause() {
      if (state !== "running") return;
      state = "paused";
      wake.abort();
      await running;
    },
    resume() {
      if (state !== "paused" && state !== "out_of_credits" && state !== "failed") return;
      if (steps.at(-1)?.status === "refused") steps.length -= 1;
      refusal = noRefusal;
      endedAt = null;
      state = "running";
      wake = new AbortController();
      run();
    },
    async stop() {
      if (steps.at(-1)?.status === "refused") steps.length -= 1;
      if (state !== "done") end("stopped");
      wake.abort();
      await running;
    },
  };
}

type Work = (ms: number) => Promise<boolean>;

const noRefusal = { required: null, available: null, message: null } as const;

function shown(step: PlannedStep, n: number, project: DemoProject): StepView {
  return {
    n,
    kind: step.kind,
    label: step.label,
    source: step.model?.label ?? project.name,
    status: "running",
    credits: null,
    original_credits: null,
    at: new Date().toISOString(),
  };
}

function charge(step: PlannedStep, project: DemoProject, description: string) {
  return {
    credits: amount(written(step.cents)),
    ...(step.originalCents === null ? {} : { original_credits: amount(written(step.originalCents)) }),
    source: step.model ?? { type: "project", id: project.id, label: project.name },
    project: project.id,
    description: step.kind === "build" ? "Preview build" : description,
  };
}

function refusalFrom(
  error: unknown,
  step: PlannedStep | undefined,
): Pick<TaskView, "required" | "available" | "message"> {
  if (error instanceof InsufficientCreditsError) {
    return {
      required: step === undefined ? null : formatCredits(parseCredits(written(step.cents))),
      available: error.available,
      message: null,
    };
  }
  return {
    ...noRefusal,
    message: error instanceof Error ? error.message : "The step failed for an unknown reason.",
  };
}

function unsigned(credits: string): string {
  return credits.replace("-", "");
}

function written(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}
