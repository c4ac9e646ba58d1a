import { type Entry, eachAccount, eachEntry, eachHold, InvalidRequestError } from "@credit-activity/client";
import { describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { START, useLedger } from "./clocked.js";

const DAY = "2026-11-22";
const collect = async <Item>(items: AsyncIterable<Item>) => {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
};
const toSeqs = (entries: readonly Entry[]) => entries.map(({ seq }) => seq);

describe.each(ENGINES)("lists on %s", (engine) => {
  const { ledger, setTime, openAccount } = useLedger(engine, "all tests");

  /** Expects that a call is refused because of its cursor. */
  const expectWrongCursor = (call: Promise<unknown>) =>
    expect(call).rejects.toMatchObject({ code: "bad_request", errors: [{ path: "cursor" }] });

  describe("accounts", () => {
    it("are listed in the order of their ids, and by prefix", async () => {
      const ids = [
        "é",
        "é1",
        "ü",
        "list",
        "list%",
        "list_a",
        "list-b",
        "lisu",
        "\ud7ff",
        "\ue000x",
        "😀",
        "😀2",
      ];
      for (const id of ids) await ledger.putAccount(id);
      const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      const all = (await collect(eachAccount(ledger, { limit: 3 }))).map(({ id }) => id);
      expect(all).toEqual([...new Set([...all, ...ids])].sort(byBytes));
      for (const prefix of ["", "list", "list%", "list_", "é", "😀", "\ud7ff", "zz", "list-b"]) {
        const found = (await collect(eachAccount(ledger, { prefix, limit: 2 }))).map(({ id }) => id);
        expect(found, prefix).toEqual(all.filter((id) => id.startsWith(prefix)));
      }
    });

    it("are listed as they are read one by one, also when something is due", async () => {
      const due = await openAccount();
      await ledger.grant(due, { kind: "bonus", credits: 5, expiresAt: `${DAY}T11:00:00Z` });
      await ledger.hold(due, { credits: 3, expiresIn: 60 });
      await ledger.grant(due, { kind: "bonus", credits: 7, effectiveAt: `${DAY}T12:00:00Z` });
      for (const time of [`${DAY}T10:00:30Z`, `${DAY}T11:30:00Z`, `${DAY}T12:30:00Z`]) {
        setTime(time);
        const listed = await ledger.accounts({ prefix: due.slice(0, 3) });
        expect(listed.accounts.length).toBeGreaterThan(0);
        for (const account of listed.accounts) expect(account).toEqual(await ledger.getAccount(account.id));
      }
    });
  });

  describe("holds", () => {
    it("are listed by status, the newest first, as they stand now", async () => {
      const account = await openAccount();
      const ids: string[] = [];
      for (let index = 0; index < 6; index++) {
        setTime(`${DAY}T10:00:0${Math.floor(index / 2)}Z`);
        const { hold } = await ledger.hold(account, { credits: 1, expiresIn: index === 5 ? 60 : 3600 });
        ids.push(hold.id);
      }
      await ledger.settle(account, ids[0] as string, { credits: 1 });
      await ledger.release(account, ids[1] as string);
      const list = async (status?: "open" | "settled" | "released" | "expired", limit = 2) =>
        (await collect(eachHold(ledger, account, { ...(status ? { status } : {}), limit }))).map(
          ({ id }) => id,
        );
      const all = await list();
      expect([...all].sort()).toEqual([...ids].sort());
      const times = (await ledger.holds(account)).holds.map(({ createdAt }) => createdAt);
      expect(times).toEqual([...times].sort().reverse());
      for (const limit of [1, 3, 5, 6, 7]) expect(await list(undefined, limit)).toEqual(all);
      const expectStatuses = async (expected: Readonly<Record<string, readonly (string | undefined)[]>>) => {
        for (const [status, expectedIds] of Object.entries(expected)) {
          const found = await list(status as "open");
          expect(found, status).toEqual(all.filter((id) => expectedIds.includes(id)));
          for (const id of found) expect((await ledger.getHold(account, id)).status).toBe(status);
        }
      };
      const closed = { settled: [ids[0]], released: [ids[1]] };
      await expectStatuses({ ...closed, open: ids.slice(2), expired: [] });
      // Its time is over before anything is posted, and stays so afterwards.
      setTime(`${DAY}T10:02:00Z`);
      for (const post of [async () => 0, () => ledger.sweep()]) {
        await post();
        await expectStatuses({ ...closed, open: ids.slice(2, 5), expired: [ids[5]] });
      }
    });

    it("are not those of another account", async () => {
      const [account, other] = [await openAccount(), await openAccount()];
      const { hold } = await ledger.hold(account, { credits: 1 });
      expect((await ledger.holds(other)).holds).toEqual([]);
      await expect(ledger.getHold(other, hold.id)).rejects.toMatchObject({ code: "hold_not_found" });
    });
  });

  describe("entries", () => {
    it("pass filters as they pass one by one", async () => {
      const account = await openAccount();
      const values = [null, "a", "b"] as const;
      for (let index = 0; index < 40; index++) {
        setTime(`${DAY}T10:00:${10 + index}Z`);
        const at = (number: number) => values[number % 3] ?? null;
        const [project, member, task] = [at(index), at(index >> 1), at(index >> 2)];
        await ledger.spend(account, {
          ...{ kind: index % 4 === 0 ? "build_usage" : "ai_usage", credits: 1, project, member, task },
          source:
            index % 5 === 0 ? null : { type: "t", id: index % 2 === 0 ? "a" : null, label: at(index) ?? "c" },
        });
      }
      const all = (await ledger.entries(account, { limit: 1000 })).entries;
      const [from, to] = [`${DAY}T10:00:20.000000Z`, `${DAY}T10:00:45.000000Z`];
      const queries = [
        ...[
          { kind: "ai_usage" },
          { kind: "purchase" },
          { kind: "nothing" },
          { project: "a" },
          { member: "b" },
          { task: "a" },
        ],
        ...[
          { source: "a" },
          { source: "c" },
          { source: "b", kind: "ai_usage" },
          { project: "b", member: "a", task: "b" },
        ],
      ];
      for (const query of queries) {
        for (const span of [{}, { from }, { to }, { from, to }, { from: to, to }]) {
          const expected = all.filter(
            (entry) =>
              (query.kind === undefined || entry.kind === query.kind) &&
              (query.source === undefined || (entry.source?.id ?? entry.source?.label) === query.source) &&
              (["project", "member", "task"] as const).every(
                (name) =>
                  query[name as "project"] === undefined || entry[name]?.id === query[name as "project"],
              ) &&
              (!("from" in span) || entry.recordedAt >= span.from) &&
              (!("to" in span) || entry.recordedAt < span.to),
          );
          for (const limit of [2, 100]) {
            const found = await collect(eachEntry(ledger, account, { ...query, ...span, limit }));
            expect(found, JSON.stringify({ query, span })).toEqual(expected);
          }
          const up = await collect(eachEntry(ledger, account, { ...query, ...span, limit: 4, order: "asc" }));
          expect(up).toEqual([...expected].reverse());
        }
      }
    });

    it("are looked at in parts of 10,000, however few pass a filter", async () => {
      const account = await openAccount();
      const toEvents = (count: number, project: string, batch: string) =>
        Array.from({ length: count }, (_, index) => ({
          ...{ id: `${batch}-${index}`, account, kind: "ai_usage", credits: "0.001" as const, project },
        }));
      await ledger.usage(toEvents(10, "rare", "first"));
      await ledger.usage(toEvents(10_000, "usual", "second"));
      await ledger.usage(toEvents(1, "usual", "third"));
      const seqs = Array.from({ length: 10 }, (_, index) => index + 2);
      const first = await ledger.entries(account, { project: "rare" });
      expect(first).toEqual({ entries: [], nextCursor: expect.any(String) });
      const second = await ledger.entries(account, { project: "rare", cursor: first.nextCursor as string });
      expect([toSeqs(second.entries), second.nextCursor]).toEqual([[...seqs].reverse(), null]);
      const up = await ledger.entries(account, { kind: "purchase", order: "asc" });
      expect([toSeqs(up.entries), up.nextCursor]).toEqual([[1], expect.any(String)]);
      const rest = { kind: "purchase", order: "asc", cursor: up.nextCursor as string } as const;
      expect(await ledger.entries(account, rest)).toEqual({ entries: [], nextCursor: null });
      // Without a filter of facts, a part is as large as its limit.
      expect((await ledger.entries(account, { to: `${DAY}T11:00:00Z`, limit: 7 })).entries).toHaveLength(7);
    });

    it("are found by seq and by key", async () => {
      const account = await openAccount();
      const { entry } = await ledger.spend(account, { credits: 1 }, { key: "order 1" });
      expect(await ledger.getEntry(account, 2)).toEqual(entry);
      expect(await ledger.entries(account, { key: "order 1" })).toEqual({
        entries: [entry],
        nextCursor: null,
      });
      expect((await ledger.entries(account, { key: "order" })).entries).toEqual([]);
      await expect(ledger.getEntry(account, 3)).rejects.toMatchObject({ code: "entry_not_found" });
      for (const more of [{ kind: "ai_usage" }, { from: START }, { cursor: "x" }, { task: "t" }])
        await expect(ledger.entries(account, { key: "order 1", ...more })).rejects.toThrow(
          InvalidRequestError,
        );
    });
  });

  it("refuses the cursors of another list, account, filter or order", async () => {
    const [account, other] = [await openAccount(), await openAccount()];
    for (const id of [account, other]) {
      for (let index = 0; index < 4; index++) {
        await ledger.grant(id, { kind: "bonus", credits: 1 });
        await ledger.spend(id, { credits: 1, project: `p${index}` });
        await ledger.hold(id, { credits: 1 });
      }
    }
    const lists = {
      entries: (id: string, cursor?: string) =>
        ledger.entries(id, { limit: 1, ...(cursor ? { cursor } : {}) }),
      up: (id: string, cursor?: string) =>
        ledger.entries(id, { limit: 1, order: "asc", ...(cursor ? { cursor } : {}) }),
      kind: (id: string, cursor?: string) =>
        ledger.entries(id, { limit: 1, kind: "ai_usage", ...(cursor ? { cursor } : {}) }),
      span: (id: string, cursor?: string) =>
        ledger.entries(id, { limit: 1, from: "2026-01-01T00:00:00Z", ...(cursor ? { cursor } : {}) }),
      grants: (id: string, cursor?: string) => ledger.grants(id, { limit: 1, ...(cursor ? { cursor } : {}) }),
      holds: (id: string, cursor?: string) => ledger.holds(id, { limit: 1, ...(cursor ? { cursor } : {}) }),
      open: (id: string, cursor?: string) =>
        ledger.holds(id, { limit: 1, status: "open", ...(cursor ? { cursor } : {}) }),
      accounts: (_: string, cursor?: string) => ledger.accounts({ limit: 1, ...(cursor ? { cursor } : {}) }),
      projects: (id: string, cursor?: string) =>
        ledger.totals(id, { limit: 1, by: "project", ...(cursor ? { cursor } : {}) }),
      kinds: (id: string, cursor?: string) =>
        ledger.totals(id, { limit: 1, by: "kind", ...(cursor ? { cursor } : {}) }),
    };
    const cursors = new Map<string, string>();
    for (const [name, list] of Object.entries(lists)) {
      const { nextCursor } = await list(account);
      expect(nextCursor, name).not.toBeNull();
      cursors.set(name, nextCursor as string);
      await expect(list(account, nextCursor as string)).resolves.toBeTruthy();
    }
    for (const [name, list] of Object.entries(lists)) {
      for (const [from, cursor] of cursors) {
        if (from !== name) await expectWrongCursor(list(account, cursor));
        if (from !== "accounts") await expectWrongCursor(list(other, cursor));
      }
      const [digest] = JSON.parse(
        Buffer.from(cursors.get(name) as string, "base64url").toString(),
      ) as unknown[];
      for (const place of [[], [0.5], [-1], ["\u0000"], [1, "\u0000"], [1e300], [1, 2, 3], [{}], ["x", 1]]) {
        const forged = Buffer.from(JSON.stringify([digest, ...place])).toString("base64url");
        await expectWrongCursor(list(account, forged));
      }
    }
  });
});
