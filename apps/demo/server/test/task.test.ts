import { type Amount, compareAmounts, createLedgerClient, subtractAmounts } from "@credit-activity/client";
import { createLedger, type LocalLedger } from "@credit-activity/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type DemoAccount, type DemoProject, demoAccounts } from "../demo-accounts.js";
import { createTaskRunner, type TaskRunner } from "../tasks/runner.js";

const SECRET = "sk_test_0123456789abcdef";
const [demo] = demoAccounts as [DemoAccount];
const [project] = demo.projects as [DemoProject];

let ledger: LocalLedger;
let account: DemoAccount;
let runner: TaskRunner;

beforeAll(async () => {
  ledger = await createLedger({ database: { memory: true }, secretKeys: [SECRET] });
});

beforeEach(async ({ task }) => {
  account = { ...demo, account: task.id };
  await ledger.putAccount(account.account);
  const client = createLedgerClient({
    baseUrl: "http://ledger.test",
    key: SECRET,
    fetch: (input, init) => ledger.fetch(new Request(input, init)),
  });
  runner = createTaskRunner(client, 100);
});

afterEach(() => runner.close());
afterAll(() => ledger.close());

const view = () => runner.view(account, project);
const state = (wanted: string) => vi.waitFor(() => expect(view()?.state).toBe(wanted), { timeout: 20_000 });
const grant = (credits: Amount) => ledger.grant(account.account, { kind: "purchase", credits });

/** Returns the used credits of the account. */
async function readUsed(): Promise<Amount> {
  const { entries } = await ledger.entries(account.account, { limit: 1000 });
  return entries
    .filter(({ credits }) => compareAmounts(credits, "0") < 0)
    .reduce((sum: Amount, { credits }) => subtractAmounts(sum, credits), "0");
}

describe("a task", () => {
  it("pays for every step through the API, with a discount on one model", async () => {
    await grant("500");
    runner.start(account, project, project.prompt);
    await state("done");
    const task = view();
    expect(task?.stepsDone).toBe(task?.stepsTotal);
    expect(task?.spent).toBe(await readUsed());
    const { rows } = await ledger.activity(account.account, { filter: "used", perPage: 100 });
    expect(rows.map((row) => row.kind)).toContain("build_usage");
    expect(rows.find((row) => row.source?.label === "Claude Sonnet")?.discountPercent).toBe(20);
    expect((await ledger.getAccount(account.account)).held).toBe("0");
  });

  it("stops without credits, shows what it needs, and continues with more", async () => {
    await grant("6");
    runner.start(account, project, project.prompt);
    await state("out_of_credits");
    const stopped = view();
    expect(stopped?.steps.at(-1)?.status).toBe("refused");
    expect(Number(stopped?.required)).toBeGreaterThan(Number(stopped?.available));
    expect(stopped?.spent).toBe(await readUsed());

    await grant("100");
    runner.find(account, project)?.resume();
    await state("done");
    expect(view()?.spent).toBe(await readUsed());
  });

  it("pauses, resumes and stops without leaving a hold", async () => {
    await grant("500");
    runner.start(account, project, "Something of my own. And more.");
    expect(view()?.title).toBe("Something of my own");
    await vi.waitFor(() => expect(view()?.stepsDone).toBeGreaterThan(2));
    await runner.find(account, project)?.pause();
    expect(view()?.state).toBe("paused");
    expect(view()?.steps.every((step) => step.status === "done")).toBe(true);
    expect((await ledger.getAccount(account.account)).held).toBe("0");
    runner.find(account, project)?.resume();
    await vi.waitFor(() => expect(view()?.stepsDone).toBeGreaterThan(5));
    await runner.find(account, project)?.stop();
    expect(view()?.state).toBe("stopped");
    expect(view()?.spent).toBe(await readUsed());
    expect((await ledger.getAccount(account.account)).held).toBe("0");
  });
});
