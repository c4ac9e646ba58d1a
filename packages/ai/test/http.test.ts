import { createLedgerClient, InsufficientCreditsError } from "@credit-activity/client";
import type { LocalLedger } from "@credit-activity/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MeteredCall } from "../src/call.js";
import { reconcile } from "../src/index.js";
import { toMetering } from "../src/options.js";
import { createAccount, openLedger, RATES } from "./ledger.js";

let local: LocalLedger;
beforeAll(async () => {
  local = await openLedger();
});
afterAll(() => local.close());

it("meters with a ledger over HTTP as with one in the process", async () => {
  const ledger = createLedgerClient({
    baseUrl: "http://ledger.example.com",
    key: "secret-of-the-tests",
    fetch: (input, init) => local.fetch(new Request(input, init)),
  });
  const account = await createAccount(local, "0.002");
  const request = { model: { provider: "openai", id: "gpt-5.5" }, input: "", maxOutputTokens: 100 };
  const open = (requestId: string) =>
    MeteredCall.open(
      toMetering({ ledger, account: account.id, price: RATES, requestId, task: "t1" }),
      request,
    );
  const reported = {
    input: { input: 0, cacheRead: 0, cacheWrite: 0 },
    output: { output: 50, reasoning: 0 },
  };
  const charge = { credits: "-0.00075", task: { id: "t1" }, source: { id: "gpt-5.5" } };

  const call = await open("request 1");
  await expect(open("request 2")).rejects.toBeInstanceOf(InsufficientCreditsError);
  call.observe({ reported, isComplete: true });
  await call.end();
  expect(await account.used()).toMatchObject([{ ...charge, key: "ai:request 1:0", estimated: false }]);

  await local.grant(account.id, { kind: "bonus", credits: "1" });
  const repeated = await open("request 1");
  repeated.observe({ output: "Another result." });
  await repeated.end();
  const failed = await open("request 3");
  await failed.fail();
  expect(await account.used()).toHaveLength(1);
  expect(await account.openHolds()).toBe(0);

  await reconcile("t1", "0.0005", { ledger, account: account.id });
  expect((await account.used())[1]).toMatchObject({ kind: "refund", credits: "0.00025" });
});
