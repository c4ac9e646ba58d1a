import type { Account, EntryResult } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, type TestLedger } from "./ledger.js";

// biome-ignore format: one id after the other
const GOOD = [
  "a", "x".repeat(128), "a/b", "a/../b", "..a", "...", "a%2Fb", "100%", "%", "%25", "a?b#c", "a b", " a", "a ", "ä", "😀",
  "😀".repeat(64), "user@example.com", "a:b;c=d&e", "\u00e9", "e\u0301", "__proto__", "null", "\\",
  "'; DROP TABLE x; --", "+",
];

const BAD = ["x".repeat(129), "a\0b", "a\nb", "\u0085", "\u007f"];

describe.each(ENGINES)("account ids on %s", (engine) => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
  });
  afterAll(() => ledger.drop());

  it.each(GOOD)("%j is an account, and its token reads no other account", async (id) => {
    const at = `/v1/accounts/${encodeURIComponent(id)}`;
    const created = await ledger.call<Account>("PUT", at, { name: id });
    expect([created.status, created.body.id]).toEqual([201, id]);
    const granted = await ledger.post<EntryResult>(`${at}/grants`, { kind: "purchase", credits: "1" });
    expect(granted.body.entry.balance).toBe("1");
    const { token } = (await ledger.post<{ token: string }>(`${at}/tokens`, {})).body;
    const authorization = `Bearer ${token}`;
    for (const path of ["", "/activity", "/activity/1/entries", "/entries", "/grants"]) {
      expect((await ledger.get(`${at}${path}`, { authorization })).status, path).toBe(200);
    }
    for (const other of GOOD.filter((one) => one !== id)) {
      const path = `/v1/accounts/${encodeURIComponent(other)}/entries`;
      expect((await ledger.get(path, { authorization })).status, other).toBe(403);
    }
  });

  it.each(BAD)("%j is refused", async (id) => {
    const reply = await ledger.call("PUT", `/v1/accounts/${encodeURIComponent(id)}`, {});
    expect([reply.status, reply.body.code]).toEqual([400, "bad_request"]);
    const event = { id: "1", account: id, kind: "ai_usage", credits: "1" };
    const usage = await ledger.post<{ results: unknown[] }>("/v1/usage", { events: [event] });
    expect(usage.body.results).toMatchObject([{ status: "refused", error: { code: "bad_request" } }]);
  });

  it.each([".", "..", "", "\ud83d"])("usage for %j is refused", async (account) => {
    const event = { id: "1", account, kind: "ai_usage", credits: "1" };
    const usage = await ledger.post<{ results: unknown[] }>("/v1/usage", { events: [event] });
    expect(usage.body.results).toMatchObject([{ status: "refused", error: { code: "bad_request" } }]);
  });

  it.each(["%ff", "%e9", "%ed%a0%bd", "%", "a%2", "%zz"])(
    "the path segment %s is refused, because it is not UTF-8",
    async (id) => {
      for (const path of [`/v1/accounts/${id}`, `/v1/accounts/${id}/grants`]) {
        const reply = await ledger.get(path);
        expect([reply.status, reply.body.code]).toEqual([400, "bad_request"]);
      }
      expect((await ledger.call("PUT", `/v1/accounts/${id}`, {})).status).toBe(400);
    },
  );
});
