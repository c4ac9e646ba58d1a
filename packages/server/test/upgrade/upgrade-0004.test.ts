import { KeyConflictError, type Ledger, RefusedError } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createLedger, type LocalLedger } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import {
  FILTERS,
  type Json,
  RECORDING,
  type RecordedEntry,
  type RestoredDatabase,
  restore,
  type Step,
  toAccount,
  toEntry,
  toHold,
  toLater,
  toRow,
  type View,
} from "./before-0004.js";
import { toAltered, toRestated } from "./before-0004-commands.js";

const ACCOUNTS = Object.keys(RECORDING.accounts);
const COMMANDS = RECORDING.steps.filter(({ op }) => op !== "putAccount");
const SLOW_MS = 300_000;

const viewOf = (account: string) => RECORDING.accounts[account] as View;

/** Sends a command to a ledger. */
function send(ledger: Ledger, { op, account, key, hold = "", input }: Step): Promise<object> {
  const given = input as never;
  switch (op) {
    case "putAccount":
      return ledger.putAccount(account, given);
    case "usage":
      return ledger.usage([given]);
    case "settle":
      return ledger.settle(account, hold, given, { key });
    case "release":
      return ledger.release(account, hold, { key });
    default:
      return ledger[op](account, given, { key });
  }
}

/** Sends commands at their times. Later commands name a hold by the id it gets here. */
async function play(ledger: Ledger, steps: readonly Step[], setClock: (at: string) => void): Promise<void> {
  const ids = new Map<string, string>();
  for (const step of steps) {
    const { at, op, account, hold = "", response } = step;
    setClock(at);
    const result = await send(ledger, { ...step, hold: ids.get(hold) ?? hold });
    const recorded = response.hold;
    const entry = { seq: response.entry?.seq };
    if (op === "putAccount") expect(result).toMatchObject({ id: account });
    else if (op === "usage") expect(result).toMatchObject({ results: [{ status: "posted", entry }] });
    else if (recorded === undefined) expect(result).toMatchObject({ entry, repeated: false });
    else {
      const { id } = (result as { hold: { id: string } }).hold;
      expect(result).toEqual({ hold: { ...toHold(recorded), id }, repeated: false });
      ids.set(recorded.id, id);
    }
  }
}

/** Reads the pages of an account's activity, those of an earlier `asOf` if one is given. */
async function readPages(ledger: Ledger, account: string, asOf?: string) {
  const pages: Record<string, Json[]> = {};
  const rows: object[] = [];
  for (const filter of FILTERS) {
    const shown: Json[] = [];
    for (let page = 1, count = 1; page <= count; page++) {
      const query = { filter, page, perPage: RECORDING.perPage, ...(asOf === undefined ? {} : { asOf }) };
      // The version before did not return what is pending.
      const { rows: found, asOf: _asOf, pending: _pending, ...rest } = await ledger.activity(account, query);
      count = rest.pages;
      shown.push({ ...rest, positions: found.map(({ position }) => position) });
      if (filter === "all") rows.push(...found);
    }
    pages[filter] = shown;
  }
  return { pages, rows };
}

/** Reads an account with its entries, grants, pages and rows. */
async function readView(ledger: Ledger, account: string) {
  const { entries } = await ledger.entries(account, { order: "asc", limit: 1000 });
  const { grants } = await ledger.grants(account, { limit: 1000 });
  const { pages, rows } = await readPages(ledger, account);
  const seqs: number[][] = [];
  for (const { position } of rows as { position: number }[]) {
    const behind = await ledger.activityEntries(account, position, { limit: 1000 });
    seqs.push(behind.entries.map(({ seq }) => seq));
  }
  return {
    account: toAccount(await ledger.getAccount(account)),
    ...{ entries, grants, pages, rows, seqs },
  };
}

/** Result that `readView` must return. An entry's hash may differ from the recorded one. */
function expected(view: View, toHash: (entry: RecordedEntry) => unknown) {
  return {
    account: toAccount(view.account),
    entries: view.entries.map((entry) => ({ ...toEntry(entry), hash: toHash(entry) })),
    grants: view.grants.map((grant) => ({ ...(grant as object), only: null })),
    pages: view.pages,
    rows: view.rows.map(toRow),
    seqs: view.rows.map(({ seqs }) => seqs),
  };
}

function withoutRows<V extends { pages: unknown; rows: unknown; seqs: unknown }>(view: V) {
  const { pages: _pages, rows: _rows, seqs: _seqs, ...rest } = view;
  return rest;
}

const GRANT_TITLES = ["Monthly credits granted", "Purchased credits added", "Signup bonus", "Manual credit"];

/** Drops the title of a kind from the description of expiries. The version before wrote it there; this one does not. */
function withoutKindTitles<V extends { entries: readonly object[]; rows: readonly object[] }>(view: V): V {
  const cleaned = (record: object) => {
    const { kind, description } = record as { kind?: unknown; description?: unknown };
    const isTitle = kind === "expiry" && GRANT_TITLES.includes(description as string);
    return isTitle ? { ...record, description: null } : record;
  };
  return { ...view, entries: view.entries.map(cleaned), rows: view.rows.map(cleaned) };
}

const ANY_HASH = expect.stringMatching(/^[0-9a-f]{64}$/);
const laterViewOf = (account: string) =>
  toLater(viewOf(account), RECORDING.further.accounts[account] as View);

/** The accounts on which late usage joined a row of a window that had been left open. */
const LATE = new Set(
  RECORDING.further.steps.filter(isLate).flatMap(({ account, response }) => {
    const old = viewOf(account).entries.length;
    const seq = response.entry?.seq ?? 0;
    const rows = laterViewOf(account).rows.map((row) => row.seqs);
    const hasJoined = rows.some((seqs) => seqs.includes(seq) && seqs.some((other) => other <= old));
    return hasJoined ? account : [];
  }),
);

function isLate({ at, op, input }: Step): boolean {
  const { occurredAt = at } = input as { occurredAt?: string };
  return op === "usage" && Date.parse(at) - Date.parse(occurredAt) > 600_000;
}

beforeAll(() => {
  // The background sweep must not post due entries before the test sweeps.
  vi.useFakeTimers({ toFake: ["setInterval"] });
});

afterAll(() => {
  vi.useRealTimers();
});

describe.each(ENGINES)("a database from before the migration 0004 on %s", (engine) => {
  let restored: RestoredDatabase;
  let ledger: LocalLedger;
  let now = RECORDING.end;
  let before: Awaited<ReturnType<RestoredDatabase["readTables"]>>;

  const open = () => createLedger({ database: restored.options, now: () => now });
  const violations = async () => (await ledger.verify()).violations;
  const readAll = () => Promise.all(ACCOUNTS.map((account) => readView(ledger, account)));

  beforeAll(async () => {
    restored = await restore(engine);
    before = await restored.readTables();
    ledger = await open();
  }, SLOW_MS);

  afterAll(async () => {
    await ledger.close();
    await restored.drop();
  });

  it(
    "is migrated once, and keeps every entry and hold",
    async () => {
      await ledger.close();
      expect(await restored.readTables()).toEqual(before);
      ledger = await open();
    },
    SLOW_MS,
  );

  it("has no violations", async () => {
    expect(await violations()).toEqual([]);
  });

  it.each(ACCOUNTS)("shows the account %j as before", async (account) => {
    const view = viewOf(account);
    expect(await readView(ledger, account)).toEqual(expected(view, ({ hash }) => hash));
  });

  it("shows the pages of an asOf from before the upgrade", async () => {
    const { account, asOf, pages, rows } = RECORDING.earlier;
    expect(await readPages(ledger, account, asOf)).toEqual({ pages, rows: rows.map(toRow) });
  });

  it("accepts the secret key and the account token from before, and no revoked key", async () => {
    const read = async (account: string, credential: string) => {
      const url = `http://ledger.test/v1/accounts/${account}/entries`;
      return ledger.fetch(new Request(url, { headers: { authorization: `Bearer ${credential}` } }));
    };
    for (const { key, revokedAt } of RECORDING.keys)
      expect((await read("acme", key)).status).toBe(revokedAt === null ? 200 : 401);
    const { account, token } = RECORDING.token;
    const response = await read(account, token);
    expect(response.status).toBe(200);
    const { entries } = (await response.json()) as { entries: Json[] };
    expect(entries[0]).not.toHaveProperty("cost");
    expect(entries[0]).not.toHaveProperty("privateMetadata");
    expect((await read("debtor", token)).status).toBe(403);
    expect(await ledger.listKeys()).toEqual(RECORDING.keys.map(({ key: _key, ...listed }) => listed));
  });

  it("posts what had come due", async () => {
    expect(await ledger.sweep()).toBe(RECORDING.further.swept);
    expect(await ledger.sweep()).toBe(0);
  });

  describe("given the commands of before again", () => {
    let views: unknown;

    beforeAll(async () => {
      views = await readAll();
    }, SLOW_MS);

    /** The first response to a command, as a repeat returns it. */
    function toFirstResponse({ op, account, key, response }: Step): object {
      if (response.hold !== undefined) return { hold: toHold(response.hold), repeated: true };
      const entry = toEntry(viewOf(account).entries[(response.entry?.seq ?? 0) - 1] as RecordedEntry);
      expect(entry).toMatchObject(response.entry ?? {});
      if (op === "usage") return { results: [{ status: "duplicate", id: key, entry }] };
      return op === "settle" ? { entry, hold: null, repeated: true } : { entry, repeated: true };
    }

    it.each(COMMANDS)("returns the first response to $op $key of $account", async (step) => {
      const first = toFirstResponse(step);
      expect(await send(ledger, step)).toEqual(first);
      expect(await send(ledger, toRestated(step))).toEqual(first);
    });

    it("returns the first response to a CloudEvent", async () => {
      const secretKey = RECORDING.keys.find(({ revokedAt }) => revokedAt === null)?.key;
      const headers = {
        authorization: `Bearer ${secretKey}`,
        "content-type": "application/cloudevents+json",
      };
      for (const { cloudEvent, key, response } of COMMANDS) {
        if (cloudEvent === undefined) continue;
        const body = JSON.stringify(cloudEvent);
        const url = "http://ledger.test/v1/usage";
        const returned = await ledger.fetch(new Request(url, { method: "POST", headers, body }));
        const results = [{ status: "duplicate", id: expect.stringContaining(""), entry: response.entry }];
        expect(await returned.json(), key).toMatchObject({ results });
      }
    });

    it.each(COMMANDS)("refuses another command under the key of $op $key of $account", async (step) => {
      for (const altered of toAltered(step)) {
        if (altered.op === "usage") {
          const refused = { status: "refused", id: altered.key, error: { code: "key_conflict" } };
          expect(await send(ledger, altered), describeStep(altered)).toMatchObject({ results: [refused] });
        } else {
          await expect(send(ledger, altered), describeStep(altered)).rejects.toThrow(KeyConflictError);
        }
      }
    });

    const describeStep = ({ op, hold, input }: Step) => JSON.stringify({ op, hold, input });

    it(
      "has moved nothing",
      async () => {
        expect(await readAll()).toEqual(views);
      },
      SLOW_MS,
    );
  });

  it("refuses to settle or release holds that are closed", async () => {
    for (const [account, { holds }] of Object.entries(RECORDING.accounts)) {
      for (const { id, status } of holds) {
        if (status === "open") continue;
        const refused = { code: "hold_closed", facts: { holdStatus: status } };
        await expect(ledger.settle(account, id, { credits: "1" })).rejects.toMatchObject(refused);
        await expect(ledger.release(account, id)).rejects.toThrow(RefusedError);
      }
    }
  });

  it("refunds no more of an old entry than is left of it", async () => {
    const refused = { code: "refund_exceeds_entry", facts: { refundable: "2.5" } };
    await expect(ledger.refund("studio", { entry: 3, credits: "2.500001" })).rejects.toMatchObject(refused);
    await expect(ledger.refund("acme", { entry: 7 })).rejects.toMatchObject({ facts: { refundable: "0" } });
  });

  it(
    "goes on as the version before would have gone on",
    async () => {
      await play(ledger, RECORDING.further.steps, (at) => {
        now = at;
      });
      expect(now).toBe(RECORDING.further.end);
    },
    SLOW_MS,
  );

  it.each(ACCOUNTS)(
    "then shows the account %j as the version before would have shown it",
    async (account) => {
      const old = viewOf(account).entries.length;
      const later = expected(laterViewOf(account), ({ seq, hash }) => (seq <= old ? hash : ANY_HASH));
      const view = withoutKindTitles(await readView(ledger, account));
      if (!LATE.has(account)) return expect(view).toEqual(withoutKindTitles(later));
      // Usage that is reported a month late has a separate row now.
      const { pages: _pages, rows, seqs, ...rest } = view;
      expect(rest).toEqual(withoutRows(withoutKindTitles(later)));
      expect(seqs.flat().sort()).toEqual(later.seqs.flat().sort());
      expect(rows).toHaveLength(later.rows.length + 1);
      for (const row of seqs)
        expect(later.seqs.some((all) => row.every((seq) => all.includes(seq)))).toBe(true);
    },
  );

  it("keeps facts that the version before did not know", async () => {
    const project = { id: "site", label: "The site" };
    const facts = { member: "m1", task: { id: "t1", label: "Task" }, quantities: { tokens: 12 } };
    const { entry } = await ledger.spend("acme", { credits: "0.5", project, cost: "0.01", ...facts });
    expect(entry).toMatchObject({ project, member: { id: "m1", label: "m1" }, cost: "0.01" });
    const { entries } = await ledger.entries("acme", { order: "asc", limit: 1000 });
    expect(entries[7]).toMatchObject({ seq: 8, project, hash: viewOf("acme").entries[7]?.hash });
  });

  it("still has no violations", async () => {
    expect(await violations()).toEqual([]);
  });

  it(
    "keeps the old entries byte for byte",
    async () => {
      await ledger.close();
      const { entries } = await restored.readTables();
      const isOld = ({ account, seq }: { account?: string | null; seq?: string | null }) =>
        Number(seq) <= viewOf(account as string).entries.length;
      expect(entries.filter(isOld)).toEqual(before.entries);
      ledger = await open();
    },
    SLOW_MS,
  );
});

describe.each(ENGINES)("the commands from before the migration 0004 on %s", (engine) => {
  it(
    "lead a new database to the same accounts",
    async () => {
      let now = RECORDING.end;
      const restored = await restore(engine, "empty");
      const ledger = await createLedger({ database: restored.options, now: () => now });
      await play(ledger, RECORDING.steps, (at) => {
        now = at;
      });
      now = RECORDING.end;
      for (const account of ACCOUNTS)
        expect(withoutKindTitles(await readView(ledger, account))).toEqual(
          withoutKindTitles(expected(viewOf(account), () => ANY_HASH)),
        );
      expect((await ledger.verify()).violations).toEqual([]);
      await ledger.close();
      await restored.drop();
    },
    SLOW_MS,
  );
});
