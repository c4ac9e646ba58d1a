import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { type EntryAnswer, type HoldAnswer, openLedger, type TestLedger } from "./ledger.js";

describe.each(ENGINES)("keys on %s", (engine) => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
  });
  afterAll(() => ledger.drop());

  /** An account with an open hold and a debit, and a command of each kind that would succeed on it. */
  async function prepare() {
    const account = await ledger.account("100");
    const at = `/v1/accounts/${account}`;
    await ledger.post<EntryAnswer>(`${at}/spend`, { credits: "5" });
    const open = async () => (await ledger.post<HoldAnswer>(`${at}/holds`, { credits: "5" })).body.hold.hold;
    const [toSettle, toRelease] = [await open(), await open()];
    const commands: [name: string, path: string, body: object][] = [
      ["grant", `${at}/grants`, { kind: "purchase", credits: "1" }],
      ["spend", `${at}/spend`, { credits: "1" }],
      ["hold", `${at}/holds`, { credits: "1" }],
      ["settle", `${at}/holds/${toSettle}/settle`, { credits: "1" }],
      ["release", `${at}/holds/${toRelease}/release`, {}],
      ["refund", `${at}/refunds`, { entry: 2, credits: "1" }],
      ["adjust", `${at}/adjustments`, { credits: "1", description: "x" }],
      ["writeoff", `${at}/writeoffs`, { credits: "1", description: "x" }],
    ];
    return { account, commands };
  }

  it("belong to one command: every other command under the same key is refused", async () => {
    for (const index of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const { account, commands } = await prepare();
      const [name, path, body] = commands[index] as (typeof commands)[number];
      expect((await ledger.post(path, body, { key: "once" })).status, name).toBe(201);
      const before = await ledger.stateOf(account);
      for (const [other, otherPath, otherBody] of commands) {
        if (other === name) continue;
        const answer = await ledger.post(otherPath, otherBody, { key: "once" });
        expect([answer.status, answer.body.code], `${name}, then ${other}`).toEqual([409, "key_conflict"]);
      }
      const usage = await ledger.post<{ results: { status: string; error: unknown }[] }>("/v1/usage", {
        events: [{ id: "once", account, kind: "ai_usage", credits: "1" }],
      });
      expect(usage.body.results).toMatchObject([{ status: "refused", error: { code: "key_conflict" } }]);
      expect(await ledger.stateOf(account)).toEqual(before);
    }
  });

  it("stand for the whole payload", async () => {
    const account = await ledger.account("100");
    const path = `/v1/accounts/${account}/spend`;
    const body = { credits: "1", source: { type: "model", label: "a" }, metadata: { a: 1 } };
    await ledger.post(path, body, { key: "k" });
    const before = await ledger.stateOf(account);
    for (const other of [
      { ...body, credits: "1.000001" },
      { ...body, original_credits: "2" },
      { ...body, kind: "build_usage" },
      { ...body, description: "x" },
      { ...body, project: "x" },
      { ...body, metadata: { a: "1" } },
      { ...body, source: { type: "model", label: "b" } },
      { ...body, source: { type: "model", label: "a", id: "" } },
    ]) {
      const answer = await ledger.post(path, other, { key: "k" });
      expect([answer.status, answer.body.code], JSON.stringify(other)).toEqual([409, "key_conflict"]);
    }
    expect(await ledger.stateOf(account)).toEqual(before);
  });

  it("are counted on each account by itself", async () => {
    for (const account of [await ledger.account("1"), await ledger.account("1")]) {
      const path = `/v1/accounts/${account}/spend`;
      expect((await ledger.post(path, { credits: "1" }, { key: "shared" })).status).toBe(201);
    }
  });

  it("are not used up by a refusal", async () => {
    const account = await ledger.account("1");
    const at = `/v1/accounts/${account}`;
    const refused = await ledger.post(`${at}/spend`, { credits: "2" }, { key: "k" });
    expect([refused.status, refused.body.code, refused.body.available]).toEqual([
      402,
      "insufficient_credits",
      "1",
    ]);
    await ledger.post(`${at}/grants`, { kind: "purchase", credits: "1" });
    expect((await ledger.post(`${at}/spend`, { credits: "2" }, { key: "k" })).status).toBe(201);
  });

  it("make 50 senders of one command at once post it once, with one answer", async () => {
    const account = await ledger.account("100");
    const path = `/v1/accounts/${account}/spend`;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ledger.post(path, { credits: "1" }, { key: "k" })),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(49);
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect((await ledger.stateOf(account)).account.balance).toBe("99");
  });

  it("that are no keys are refused, and without one a repeat is a new command", async () => {
    const account = await ledger.account("100");
    const path = `/v1/accounts/${account}/spend`;
    for (const key of ["", "x".repeat(256), "a\tb"]) {
      const answer = await ledger.post(path, { credits: "1" }, { key });
      expect([answer.status, answer.body.code], JSON.stringify(key)).toEqual([400, "bad_request"]);
    }
    expect((await ledger.post(path, { credits: "1" }, { key: "x".repeat(255) })).status).toBe(201);
    expect((await ledger.post(path, { credits: "1" })).status).toBe(201);
    expect((await ledger.post(path, { credits: "1" })).status).toBe(201);
    expect((await ledger.stateOf(account)).account.balance).toBe("97");
  });
});
