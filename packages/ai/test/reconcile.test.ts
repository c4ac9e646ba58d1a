import { KeyConflictError, type LocalLedger } from "@credit-activity/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { reconcile } from "../src/index.js";
import { createAccount, openLedger, type TestAccount } from "./ledger.js";

let ledger: LocalLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(async () => {
  expect((await ledger.verify()).violations).toEqual([]);
  await ledger.close();
});

const MODEL = { type: "model", id: "gpt-5.5", label: "GPT-5.5" };

/** Creates an account whose task t1 was charged 3 credits in three parts. */
async function createCharged(): Promise<TestAccount> {
  const account = await createAccount(ledger);
  const facts = { source: MODEL, project: "site", member: "ada" };
  for (const task of ["t1", "t1", "t2", "t1"])
    await ledger.spend(account.id, { credits: "1", task, ...facts });
  await ledger.spend(account.id, { kind: "build_usage", credits: "1", task: "t1" });
  return account;
}

const seen = async (account: TestAccount) =>
  (await account.used()).slice(5).map(({ kind, credits, refundOf }) => [kind, credits, refundOf]);

const optionsOf = ({ id }: TestAccount) => ({ ledger, account: id });

it("charges more as usage of the task", async () => {
  const account = await createCharged();
  const { charged, entries } = await reconcile("t1", "3.25", optionsOf(account));
  expect(charged).toBe("3");
  expect(entries).toMatchObject([
    {
      kind: "ai_usage",
      credits: "-0.25",
      source: MODEL,
      project: { id: "site" },
      member: { id: "ada" },
      task: { id: "t1" },
      description: "Reconciled with the provider's bill",
    },
  ]);
});

it("refunds what is less, the latest usage first", async () => {
  const account = await createCharged();
  const { entries } = await reconcile("t1", 1.25, optionsOf(account));
  expect(entries).toMatchObject([{ task: { id: "t1" } }, { task: { id: "t1" } }]);
  // The entries 2, 3 and 5 are the task's AI usage.
  expect(await seen(account)).toEqual([
    ["refund", "1", 5],
    ["refund", "0.75", 3],
  ]);
});

it("posts nothing when it is repeated, and follows a bill that changes", async () => {
  const account = await createCharged();
  for (const cost of ["2.5", "2.5", "2.75", "2.75", "2", "2", "0", "0", "1"] as const) {
    await reconcile("t1", cost, optionsOf(account));
  }
  expect(await seen(account)).toEqual([
    ["refund", "0.5", 5],
    ["ai_usage", "-0.25", null],
    ["refund", "0.25", 8],
    ["refund", "0.5", 5],
    ["refund", "1", 3],
    ["refund", "1", 2],
    ["ai_usage", "-1", null],
  ]);
  expect(await reconcile("t1", "1", optionsOf(account))).toEqual({ charged: "1", entries: [] });
});

it.each(["0.5", "3.5"] as const)("posts once at the same time, for a cost of %s", async (cost) => {
  const account = await createCharged();
  await Promise.all(Array.from({ length: 5 }, () => reconcile("t1", cost, optionsOf(account))));
  expect((await reconcile("t1", cost, optionsOf(account))).entries).toEqual([]);
});

it("posts once although two run interleaved", async () => {
  const account = await createCharged();
  let second: Promise<unknown> | undefined;
  // The second one begins between the two refunds of the first.
  const refund: LocalLedger["refund"] = async (...args) => {
    const result = await ledger.refund(...args);
    second ??= reconcile("t1", "1.5", optionsOf(account));
    await second;
    return result;
  };
  const interleaved = { entries: ledger.entries, usage: ledger.usage, refund };
  await reconcile("t1", "1.5", { ledger: interleaved, account: account.id });
  expect(await seen(account)).toEqual([
    ["refund", "1", 5],
    ["refund", "0.5", 3],
  ]);
});

it.each([
  ["4", "5"],
  ["4", "2"],
  ["2.5", "2.75"],
  ["0.5", "1.5"],
] as const)("refuses another cost at the same time: %s and %s", async (...costs) => {
  const account = await createCharged();
  const results = await Promise.allSettled(costs.map((cost) => reconcile("t1", cost, optionsOf(account))));
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(results.find(({ status }) => status === "rejected")).toMatchObject({
    reason: expect.any(KeyConflictError),
  });
});

it("refuses a task without usage, and a negative cost", async () => {
  const account = await createCharged();
  await expect(reconcile("t3", "1", optionsOf(account))).rejects.toThrow("has no AI usage of the task t3.");
  await expect(reconcile("t1", "-1", optionsOf(account))).rejects.toThrow("The cost -1 is negative.");
});
