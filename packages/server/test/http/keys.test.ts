import type { EntryResult, HoldResult, UsageResults } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, type TestLedger } from "./ledger.js";

describe.each(ENGINES)("keys on %s", (engine) => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
  });
  afterAll(() => ledger.drop());

  /** Creates an account with open holds and a debit, and a command of each operation that would succeed on it. */
  async function prepare() {
    const account = await ledger.account("100");
    const at = `/v1/accounts/${account}`;
    await ledger.post<EntryResult>(`${at}/spend`, { credits: "5" });
    const open = async () => (await ledger.post<HoldResult>(`${at}/holds`, { credits: "5" })).body.hold.id;
    const [toSettle, toRelease] = [await open(), await open()];
    const commands: [name: string, path: string, body: object][] = [
      ["grant", `${at}/grants`, { kind: "purchase", credits: "1" }],
      ["spend", `${at}/spend`, { credits: "1" }],
      ["hold", `${at}/holds`, { credits: "1" }],
      ["settle", `${at}/holds/${toSettle}/settle`, { credits: "1" }],
      ["release", `${at}/holds/${toRelease}/release`, {}],
      ["refund", `${at}/refunds`, { entry: 2, credits: "1" }],
      ["adjust", `${at}/adjustments`, { credits: "1", description: "x" }],
      ["writeOff", `${at}/writeoffs`, { credits: "1", description: "x" }],
    ];
    return { account, commands };
  }

  it("belong to one command, and every other command with the same key is refused", async () => {
    for (const index of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const { account, commands } = await prepare();
      const [name, path, body] = commands[index] as (typeof commands)[number];
      expect((await ledger.post(path, body, { key: "once" })).status, name).toBe(201);
      const before = await ledger.readState(account);
      for (const [other, otherPath, otherBody] of commands) {
        if (other === name) continue;
        const reply = await ledger.post(otherPath, otherBody, { key: "once" });
        expect([reply.status, reply.body.code], `${name}, then ${other}`).toEqual([409, "key_conflict"]);
      }
      const usage = await ledger.post<UsageResults>("/v1/usage", {
        events: [{ id: "once", account, kind: "ai_usage", credits: "1" }],
      });
      expect(usage.body.results).toMatchObject([{ status: "refused", error: { code: "key_conflict" } }]);
      expect(await ledger.readState(account)).toEqual(before);
    }
  });

  it("belong to one payload", async () => {
    const account = await ledger.account("100");
    const path = `/v1/accounts/${account}/spend`;
    const body = { credits: "1", source: { type: "model", label: "a" }, metadata: { a: 1 } };
    await ledger.post(path, body, { key: "k" });
    const before = await ledger.readState(account);
    for (const other of [
      { ...body, credits: "1.000001" },
      { ...body, originalCredits: "2" },
      { ...body, kind: "build_usage" },
      { ...body, description: "x" },
      { ...body, project: "x" },
      { ...body, member: "x" },
      { ...body, task: { id: "x", label: "y" } },
      { ...body, price: "x" },
      { ...body, quantities: { tokens: 1 } },
      { ...body, estimated: true },
      { ...body, cost: "1" },
      { ...body, privateMetadata: { a: 1 } },
      { ...body, metadata: { a: "1" } },
      { ...body, source: { type: "model", label: "b" } },
      { ...body, source: { type: "model", label: "a", id: "" } },
    ]) {
      const reply = await ledger.post(path, other, { key: "k" });
      expect([reply.status, reply.body.code], JSON.stringify(other)).toEqual([409, "key_conflict"]);
    }
    expect(await ledger.readState(account)).toEqual(before);
  });

  it("are separate per account", async () => {
    for (const account of [await ledger.account("1"), await ledger.account("1")]) {
      const path = `/v1/accounts/${account}/spend`;
      expect((await ledger.post(path, { credits: "1" }, { key: "shared" })).status).toBe(201);
    }
  });

  it("can be used again after a refusal", async () => {
    const account = await ledger.account("1");
    const at = `/v1/accounts/${account}`;
    const refused = await ledger.post(`${at}/spend`, { credits: "2" }, { key: "k" });
    expect([refused.status, refused.body.code, refused.body.facts]).toEqual([
      402,
      "insufficient_credits",
      { available: "1", required: "2" },
    ]);
    await ledger.post(`${at}/grants`, { kind: "purchase", credits: "1" });
    expect((await ledger.post(`${at}/spend`, { credits: "2" }, { key: "k" })).status).toBe(201);
  });

  it("post a command once that 50 senders send at the same time", async () => {
    const account = await ledger.account("100");
    const path = `/v1/accounts/${account}/spend`;
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => ledger.post<EntryResult>(path, { credits: "1" }, { key: "k" })),
    );
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(49);
    expect(new Set(replies.map((reply) => JSON.stringify(reply.body.entry))).size).toBe(1);
    expect(replies.filter(({ body }) => body.repeated)).toHaveLength(49);
    expect((await ledger.readState(account)).account.balance).toBe("99");
  });

  it("are refused if they are not valid, and without one a repeat is a new command", async () => {
    const account = await ledger.account("100");
    const path = `/v1/accounts/${account}/spend`;
    for (const key of ["", "x".repeat(256), "a\tb"]) {
      const reply = await ledger.post(path, { credits: "1" }, { key });
      expect([reply.status, reply.body.code], JSON.stringify(key)).toEqual([400, "bad_request"]);
    }
    expect((await ledger.post(path, { credits: "1" }, { key: "x".repeat(255) })).status).toBe(201);
    expect((await ledger.post(path, { credits: "1" })).status).toBe(201);
    expect((await ledger.post(path, { credits: "1" })).status).toBe(201);
    expect((await ledger.readState(account)).account.balance).toBe("97");
  });
});
