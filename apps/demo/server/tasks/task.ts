import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Amount,
  addAmounts,
  type Entry,
  InsufficientCreditsError,
  type Ledger,
  negateAmount,
} from "@credit-activity/client";
import { fromCents, toCharge } from "../cents.js";
import type { DemoProject } from "../demo-accounts.js";
import { type PlannedStep, planTask } from "./plan.js";

/** The state of a task. Only a running one spends credits. */
export type TaskState = "running" | "paused" | "stopped" | "done" | "out_of_credits" | "failed";

/** A step as the page shows it. */
export interface StepView {
  readonly n: number;
  readonly kind: PlannedStep["kind"];
  readonly label: string;
  readonly source: string;
  readonly status: "running" | "done" | "refused";
  /** The entry that charged the step, once it is done. */
  readonly entry: Entry | null;
  readonly at: string;
}

/** A task as the page shows it. */
export interface TaskView {
  readonly id: string;
  readonly state: TaskState;
  readonly prompt: string;
  readonly title: string;
  readonly stepsTotal: number;
  readonly stepsDone: number;
  readonly steps: readonly StepView[];
  readonly spent: Amount;
  /** The credits that the refused step needs. */
  readonly required: Amount | null;
  readonly available: Amount | null;
  readonly message: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** A task in progress. It pays for each step before the step counts as done, and stops at a step that is not covered. */
export interface Task {
  view(): TaskView;
  /** Interrupts the task. Resolves once no request is in flight. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends the task. Resolves once no request is in flight. */
  stop(): Promise<void>;
}

export interface TaskOptions {
  readonly ledger: Ledger;
  readonly account: string;
  readonly project: DemoProject;
  readonly prompt: string;
  /** The factor by which steps are faster than planned, for tests. */
  readonly speed?: number;
}

type Refusal = Pick<TaskView, "required" | "available" | "message">;

const NO_REFUSAL: Refusal = { required: null, available: null, message: null };

/** The time that a hold of a build lasts. */
const HOLD_SECONDS = 300;

/** Starts a task. */
export function startTask(options: TaskOptions): Task {
  const { ledger, account, project, prompt, speed = 1 } = options;
  const id = randomUUID();
  const plan = planTask(project, prompt);
  const steps: StepView[] = [];
  const startedAt = new Date().toISOString();
  let state: TaskState = "running";
  let spent: Amount = "0";
  let endedAt: string | null = null;
  let refusal = NO_REFUSAL;
  let wake = new AbortController();
  let holds = 0;

  const end = (as: TaskState) => {
    state = as;
    endedAt = new Date().toISOString();
  };
  const change = (n: number, to: Partial<StepView>) => {
    steps[n - 1] = { ...(steps[n - 1] as StepView), ...to };
  };
  /** Works on a step. Resolves to false if the task was interrupted. */
  const work = async ({ durationMs }: PlannedStep): Promise<boolean> => {
    const isWoken = await sleep(durationMs / speed, false, { signal: wake.signal }).catch(() => true);
    return !isWoken && state === "running";
  };

  /** Carries out a step. Resolves to false if it was interrupted, and nothing was charged. */
  async function carryOut(step: PlannedStep, n: number): Promise<boolean> {
    steps[n - 1] = toStepView(step, n, project);
    const key = `task:${id}:${n}`;
    const entry = await (step.kind === "ai" ? callModel(step, key) : runBuild(step, key));
    if (entry === null) {
      steps.length = n - 1;
      return false;
    }
    spent = addAmounts(spent, negateAmount(entry.credits));
    // The browser gets what an account token may read.
    const { cost, privateMetadata, ...visible } = entry;
    change(n, { status: "done", entry: visible });
    return true;
  }

  /** Calls a model. Its price is known after the call, so the call is charged then. */
  async function callModel(step: PlannedStep, key: string): Promise<Entry | null> {
    if (!(await work(step))) return null;
    const { entry } = await ledger.spend(
      account,
      { ...toCause(step, project, plan.title), ...toCharge(step.cents, step.originalCents) },
      { key },
    );
    return entry;
  }

  /** Runs a build. It holds its credits first, so that nothing else spends them meanwhile. */
  async function runBuild(step: PlannedStep, key: string): Promise<Entry | null> {
    const credits = fromCents(step.cents);
    const { hold } = await ledger.hold(
      account,
      { ...toCause(step, project, plan.title), credits, expiresIn: HOLD_SECONDS },
      { key: `${key}:hold:${holds++}` },
    );
    if (!(await work(step))) {
      await ledger.release(account, hold.id, { key: `${key}:release:${hold.id}` });
      return null;
    }
    const { entry } = await ledger.settle(account, hold.id, { credits }, { key: `${key}:settle:${hold.id}` });
    return entry;
  }

  async function carryOutAll(): Promise<void> {
    for (let n = steps.length + 1; n <= plan.steps.length && state === "running"; ) {
      if (await carryOut(plan.steps[n - 1] as PlannedStep, n)) n += 1;
    }
    if (state === "running") end("done");
  }

  const run = () => {
    running = running.then(carryOutAll).catch((error: unknown) => {
      if (steps.at(-1)?.status === "running") change(steps.length, { status: "refused" });
      refusal = toRefusal(error);
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
      stepsTotal: plan.steps.length,
      stepsDone: steps.filter((step) => step.status === "done").length,
      steps: [...steps],
      spent,
      ...refusal,
      startedAt,
      endedAt,
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
      refusal = NO_REFUSAL;
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

function toStepView(step: PlannedStep, n: number, project: DemoProject): StepView {
  return {
    n,
    kind: step.kind,
    label: step.label,
    source: step.model?.label ?? project.name,
    status: "running",
    entry: null,
    at: new Date().toISOString(),
  };
}

/** Returns the cause of a step's charge. */
function toCause(step: PlannedStep, project: DemoProject, title: string) {
  const isBuild = step.kind === "build";
  return {
    kind: isBuild ? "build_usage" : "ai_usage",
    source: step.model ?? { type: "project", id: project.id, label: project.name },
    project: project.id,
    description: isBuild ? "Preview build" : title,
  };
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof InsufficientCreditsError) return { ...error.facts, message: null };
  return {
    ...NO_REFUSAL,
    message: error instanceof Error ? error.message : "The step failed. Try it again.",
  };
}
