import { createClient } from "@credit-activity/client";
import { createCredits, credits, formatCredits } from "@credit-activity/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DemoAccount, demoAccounts } from "../demo-accounts.js";
import type { Ledger } from "../ledger.js";
import { createTaskRunner, type TaskRunner } from "../tasks/runner.js";

const SECRET = "sk_test_0123456789abcdef";
const account = demoAccounts[0] as DemoAccount;
const project = account.projects[0] as DemoAccount["projects"][number];

let ledger: Ledger;
let runner: TaskRunner;

beforeEach(async () => {
  ledger = await createCredits({ database: {}, secretKeys: [SECRET] });
  await ledger.putAccount(account.account);
  const client = createClient({
    baseUrl: "http://ledger.test",
    token: SECRET,
    fetch: (input, init) => ledger.fetch(new Request(input, init)),
  });
  runner = createTaskRunner(client, 100);
});

afterEach(async () => {
  await runner.close();
  await ledger.close();
});

const view = () => runner.view(account, project);
const state = (wanted: string) => vi.waitFor(() => expect(view()?.state).toBe(wanted), { timeout: 20_000 });
const grant = (amount: string) =>
  ledger.grant(account.account, { kind: "purchase", credits: credits(amount) });

async function used(): Promise<string> {
  const { items } = await ledger.entries(account.account, { limit: 1000 });
  const sum = items.filter((entry) => entry.credits < 0n).reduce((total, entry) => total - entry.credits, 0n);
  return formatCredits(sum);
}

describe("a task", () => {
  it("pays for every step through the API, with a discount on one model", async () => {
    await grant("500");
    await runner.start(account, project, project.prompt);
    await state("done");
    const task = view();
    expect(task?.steps_done).toBe(task?.steps_total);
    expect(task?.spent).toBe(await used());
    const { rows } = await ledger.activity(account.account, { filter: "used", perPage: 100 });
    expect(rows.map((row) => row.kind)).toContain("build_usage");
    expect(rows.find((row) => row.source?.label === "Claude Sonnet")?.discount).toBe(200);
    expect((await ledger.getAccount(account.account))?.held).toBe(0n);
  });

  it("stops when credits run out, says what it needs, and goes on when there are more", async () => {
    await grant("6");
    await runner.start(account, project, project.prompt);
    await state("out_of_credits");
    const stopped = view();
    expect(stopped?.steps.at(-1)?.status).toBe("refused");
    expect(Number(stopped?.required)).toBeGreaterThan(Number(stopped?.available));
    expect(stopped?.spent).toBe(await used());

    await grant("100");
    runner.find(account, project)?.resume();
    await state("done");
    expect(view()?.spent).toBe(await used());
  });

  it("pauses, resumes and stops without holding anything back", async () => {
    await grant("500");
    await runner.start(account, project, "Something of my own. And more.");
    expect(view()?.title).toBe("Something of my own");
    await vi.waitFor(() => expect(view()?.steps_done).toBeGreaterThan(2));
    await runner.find(account, project)?.pause();
    expect(view()?.state).toBe("paused");
    expect(view()?.steps.every((step) => step.status === "done")).toBe(true);
    expect((await ledger.getAccount(account.account))?.held).toBe(0n);
    runner.find(account, project)?.resume();
    await vi.waitFor(() => expect(view()?.steps_done).toBeGreaterThan(5));
    await runner.find(account, project)?.stop();
    expect(view()?.state).toBe("stopped");
    expect(view()?.spent).toBe(await used());
    expect((await ledger.getAccount(account.account))?.held).toBe(0n);
  });
});
