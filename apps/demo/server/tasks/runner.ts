import type { CreditsClient } from "@credit-activity/client";
import type { DemoAccount, DemoProject } from "../demo-accounts.js";
import { startTask, type Task, type TaskView } from "./task.js";

/** The tasks of this process, at most one a project. They end with it. */
export interface TaskRunner {
  start(account: DemoAccount, project: DemoProject, prompt: string): Promise<void>;
  find(account: DemoAccount, project: DemoProject): Task | null;
  view(account: DemoAccount, project: DemoProject): TaskView | null;
  /** Ends all tasks after what is in flight, and starts no more. */
  close(): Promise<void>;
}

/** Makes a runner whose tasks spend through a client of the API. */
export function createTaskRunner(client: CreditsClient, speed = 1): TaskRunner {
  const tasks = new Map<string, Task>();
  const idOf = (account: DemoAccount, project: DemoProject) => `${account.account}/${project.id}`;
  let isClosed = false;
  return {
    async start(account, project, prompt) {
      const id = idOf(account, project);
      const before = tasks.get(id);
      if (isClosed || before?.view().ended_at === null) return;
      tasks.set(id, startTask({ client, account: account.account, project, prompt, speed }));
    },
    find: (account, project) => tasks.get(idOf(account, project)) ?? null,
    view: (account, project) => tasks.get(idOf(account, project))?.view() ?? null,
    async close() {
      isClosed = true;
      await Promise.all([...tasks.values()].map((task) => task.stop()));
    },
  };
}
