import type { Ledger } from "@credit-activity/client";
import type { DemoAccount, DemoProject } from "../demo-accounts.js";
import { startTask, type Task, type TaskView } from "./task.js";

/** The tasks of this process, at most one per project. */
export interface TaskRunner {
  /** Starts a task, unless one runs in the project. */
  start(account: DemoAccount, project: DemoProject, prompt: string): void;
  find(account: DemoAccount, project: DemoProject): Task | null;
  view(account: DemoAccount, project: DemoProject): TaskView | null;
  /** Stops all tasks, and starts no more. */
  close(): Promise<void>;
}

/** Creates a runner whose tasks spend from a ledger. */
export function createTaskRunner(ledger: Ledger, speed = 1): TaskRunner {
  const tasks = new Map<string, Task>();
  const toId = (account: DemoAccount, project: DemoProject) => `${account.account}/${project.id}`;
  let isClosed = false;
  return {
    start(account, project, prompt) {
      const id = toId(account, project);
      const before = tasks.get(id);
      if (isClosed || before?.view().endedAt === null) return;
      tasks.set(id, startTask({ ledger, account: account.account, project, prompt, speed }));
    },
    find: (account, project) => tasks.get(toId(account, project)) ?? null,
    view: (account, project) => tasks.get(toId(account, project))?.view() ?? null,
    async close() {
      isClosed = true;
      await Promise.all([...tasks.values()].map((task) => task.stop()));
    },
  };
}
