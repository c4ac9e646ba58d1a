import type {
  Account,
  AccountList,
  ActivityPage,
  Balance,
  Entry,
  EntryList,
  EntryResult,
  GrantList,
  Hold,
  HoldList,
  HoldResult,
  Totals,
  UsageResults,
} from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, type TestLedger } from "./ledger.js";
import { listRoutes } from "./openapi-schema.js";

describe.each(ENGINES)("every route on %s", (engine) => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
  });
  afterAll(() => ledger.drop());

  it("creates an account, and then changes the given settings", async () => {
    const created = await ledger.call<Account>("PUT", "/v1/accounts/acme", {
      name: "Acme",
      timeZone: "Europe/Berlin",
      overdraftLimit: "5.50",
      metadata: { plan: "pro", seats: 3, trial: false },
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      id: "acme",
      name: "Acme",
      timeZone: "Europe/Berlin",
      overdraftLimit: "5.5",
      metadata: { plan: "pro", seats: 3, trial: false },
      balance: "0",
      held: "0",
      available: "0",
    });
    const changed = await ledger.call<Account>("PUT", "/v1/accounts/acme", { name: null });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ name: null, timeZone: "Europe/Berlin", overdraftLimit: "5.5" });
    expect((await ledger.get<Account>("/v1/accounts/acme")).body).toEqual(changed.body);
    const same = await ledger.call<Account>("PUT", "/v1/accounts/acme", {
      ...{ timeZone: null, overdraftLimit: null, metadata: null },
    });
    expect({ ...same.body, updatedAt: null }).toEqual({ ...changed.body, updatedAt: null });
    const emptied = await ledger.call<Account>("PUT", "/v1/accounts/acme", { metadata: {} });
    expect(emptied.body.metadata).toEqual({});
  });

  it("responds to a command with 201 and the entry, and to its repeat with 200 and the same entry", async () => {
    const account = await ledger.account();
    const at = `/v1/accounts/${account}`;
    const grant = {
      kind: "bonus",
      credits: "100.50",
      title: "Welcome",
      description: "For signing up",
      source: { type: "campaign", id: "spring", label: "Spring" },
      effectiveAt: "2026-01-01T00:00:00Z",
      expiresAt: "2199-01-01T00:00:00Z",
      priority: 7,
      metadata: { code: "SPRING" },
    };
    const spend = {
      credits: "8",
      originalCredits: "10",
      source: { type: "model", label: "Sonnet" },
      project: "site",
      member: { id: "u1", label: "Ada" },
      task: "t1",
      description: "Chat",
      price: "chat-1",
      quantities: { "input tokens": 1200, images: "0.50" },
      estimated: true,
      cost: 0.25,
      metadata: { a: 1 },
      privateMetadata: { b: 2 },
    };
    const spent = {
      ...{ kind: "ai_usage", type: "usage", category: "used", title: "AI usage", credits: "-8" },
      ...{
        originalCredits: "-10",
        discountPercent: 20,
        source: { type: "model", id: null, label: "Sonnet" },
      },
      ...{
        project: { id: "site", label: "site" },
        member: { id: "u1", label: "Ada" },
        task: { id: "t1", label: "t1" },
      },
      ...{ description: "Chat", price: "chat-1", quantities: { "input tokens": "1200", images: "0.5" } },
      ...{ estimated: true, cost: "0.25", metadata: { a: 1 }, privateMetadata: { b: 2 } },
    };
    for (const [path, body, expected] of [
      ["grants", grant, { kind: "bonus", title: "Welcome", credits: "100.5", balance: "100.5", seq: 1 }],
      ["spend", spend, spent],
      [
        "refunds",
        { entry: 2, credits: "3" },
        { kind: "refund", credits: "3", refundOf: 2, project: { id: "site", label: "site" } },
      ],
      ["adjustments", { credits: "-1.000001", description: "Corrected" }, { credits: "-1.000001" }],
      ["writeoffs", { credits: "0.499999", description: "Lost" }, { kind: "writeoff", balance: "94" }],
    ] as const) {
      const first = await ledger.post<EntryResult>(`${at}/${path}`, body, { key: `${path}-1` });
      expect(first.status).toBe(201);
      expect(first.body.entry).toMatchObject({ ...expected, key: `${path}-1` });
      const again = await ledger.post<EntryResult>(`${at}/${path}`, body, { key: `${path}-1` });
      expect([again.status, again.body]).toEqual([200, { ...first.body, repeated: true }]);
    }
    const { entries, grants, account: read } = await ledger.readState(account);
    expect(entries.map((entry) => entry.seq)).toEqual([5, 4, 3, 2, 1]);
    expect(grants).toMatchObject([
      { seq: 1, priority: 7, remaining: "94", expiresAt: "2199-01-01T00:00:00.000000Z" },
    ]);
    expect(read).toMatchObject({ balance: "94", available: "94", remaining: { bonus: "94", purchase: "0" } });
  });

  it("recognizes the same payload, however it is written", async () => {
    const account = await ledger.account("10");
    const path = `/v1/accounts/${account}/spend`;
    const first = await ledger.post<EntryResult>(path, { credits: "1.5", project: "a" }, { key: "k" });
    for (const same of [
      { project: "a", kind: "ai_usage", credits: "01.500", description: null, metadata: {}, source: null },
      {
        project: "a",
        credits: 1.5,
        metadata: null,
        privateMetadata: {},
        quantities: {},
        cost: null,
        task: null,
      },
    ]) {
      const again = await ledger.post(path, same, { key: "k" });
      expect([again.status, again.body]).toEqual([200, { ...first.body, repeated: true }]);
    }
  });

  it("holds, settles and releases", async () => {
    const account = await ledger.account("10");
    const at = `/v1/accounts/${account}/holds`;
    const hold = { kind: "build_usage", credits: "4", project: "site", expiresIn: 60 };
    const first = await ledger.post<HoldResult>(at, hold, { key: "hold-1" });
    expect(first.status).toBe(201);
    expect(first.body.hold).toMatchObject({
      kind: "build_usage",
      credits: "4",
      project: { id: "site", label: "site" },
      status: "open",
      key: "hold-1",
    });
    const again = await ledger.post(at, hold, { key: "hold-1" });
    expect([again.status, again.body]).toEqual([200, { ...first.body, repeated: true }]);
    const held = await ledger.get<Account>(`/v1/accounts/${account}`);
    expect(held.body).toMatchObject({ balance: "10", held: "4", available: "6" });

    const { id } = first.body.hold;
    const settled = await ledger.post<EntryResult>(
      `${at}/${id}/settle`,
      { credits: "3" },
      { key: "settle-1" },
    );
    expect(settled.status).toBe(201);
    expect(settled.body.entry).toMatchObject({
      kind: "build_usage",
      credits: "-3",
      project: { id: "site", label: "site" },
    });
    const repeat = await ledger.post(`${at}/${id}/settle`, { credits: "3" }, { key: "settle-1" });
    expect([repeat.status, repeat.body]).toEqual([200, { ...settled.body, repeated: true }]);
    const stillOpen = await ledger.post(at, hold, { key: "hold-1" });
    expect([stillOpen.status, stillOpen.body]).toEqual([200, { ...first.body, repeated: true }]);

    const second = await ledger.post<HoldResult>(at, { credits: "7" });
    const path = `${at}/${second.body.hold.id}/release`;
    const released = await ledger.post<HoldResult>(path, {}, { key: "release-1" });
    expect(released.status).toBe(201);
    expect(released.body.hold.status).toBe("released");
    const releasedAgain = await ledger.post<HoldResult>(path, undefined, { key: "release-1" });
    expect([releasedAgain.status, releasedAgain.body]).toEqual([200, { ...released.body, repeated: true }]);
    const after = await ledger.get<Account>(`/v1/accounts/${account}`);
    expect(after.body).toMatchObject({ balance: "7", held: "0", available: "7" });
  });

  it("shows the activity, the entries of a row, and the grants for a token", async () => {
    const account = await ledger.account("10");
    const at = `/v1/accounts/${account}`;
    for (const credits of ["1", "2"]) await ledger.post(`${at}/spend`, { credits });
    const page = await ledger.get<ActivityPage>(`${at}/activity`);
    expect(page.body).toMatchObject({ from: 1, to: 2, total: 2, page: 1, pages: 1, balance: "7" });
    expect(page.body.rows).toMatchObject([
      {
        ...{ position: 2, category: "used", title: "AI usage", nouns: { one: "call", other: "calls" } },
        ...{ description: null, entries: 2, credits: "-3" },
      },
      { position: 1, category: "added", title: "Purchased credits added", nouns: null, balance: "10" },
    ]);
    const inRow = await ledger.get<EntryList>(`${at}/activity/2/entries`);
    expect(inRow.body.entries.map((entry) => entry.credits)).toEqual(["-1", "-2"]);
    const token = await ledger.post<{ token: string }>(`${at}/tokens`, {});
    expect(token.status).toBe(201);
    const authorization = `Bearer ${token.body.token}`;
    const read = await ledger.get<GrantList>(`${at}/grants`, { authorization });
    expect(read.body.grants).toMatchObject([{ seq: 1, credits: "10", remaining: "7" }]);
    const empty = await ledger.get<ActivityPage>(`/v1/accounts/${await ledger.account()}/activity`);
    expect(empty.body).toMatchObject({ rows: [], from: 0, to: 0, total: 0, page: 1, pages: 1, balance: "0" });
  });

  it("extends and voids grants, prolongs holds, and closes and anonymizes an account", async () => {
    const account = await ledger.account();
    const at = `/v1/accounts/${account}`;
    const grant = { kind: "bonus", credits: "10", expiresAt: "2198-01-01T00:00:00Z" };
    await ledger.post<EntryResult>(`${at}/grants`, grant);
    const { body: held } = await ledger.post<HoldResult>(`${at}/holds`, { credits: "4", expiresIn: 60 });
    const at1 = `${at}/holds/${held.hold.id}`;
    const prolonged = await ledger.post<HoldResult>(`${at1}/extend`, { expiresIn: 7_200 }, { key: "x" });
    expect(prolonged.status).toBe(201);
    expect(prolonged.body.hold.expiresAt > held.hold.expiresAt).toBe(true);
    for (const [path, body, expected] of [
      [
        "extensions",
        { grant: 1, expiresAt: "2199-01-01T00:00:00Z" },
        { kind: "extension", credits: "0", grant: 1 },
      ],
      ["voids", { grant: 1, description: "Charged back" }, { kind: "writeoff", credits: "-6", grant: 1 }],
      ["close", { description: "Left" }, { kind: "closure", credits: "0", balance: "4" }],
      ["anonymize", {}, { kind: "anonymization", credits: "0", balance: "4" }],
    ] as const) {
      const first = await ledger.post<EntryResult>(`${at}/${path}`, body, { key: path });
      expect([first.status, first.body]).toMatchObject([201, { entry: expected, repeated: false }]);
      const again = await ledger.post<EntryResult>(`${at}/${path}`, body, { key: path });
      expect([again.status, again.body.entry.seq]).toEqual([200, first.body.entry.seq]);
    }
    const refused = await ledger.post(`${at}/spend`, { credits: "1" });
    expect([refused.status, refused.body]).toMatchObject([409, { code: "account_closed" }]);
  });

  it("lists accounts and holds, and reads one entry, a balance and totals", async () => {
    const account = await ledger.account("10");
    const at = `/v1/accounts/${account}`;
    const { body } = await ledger.post<HoldResult>(`${at}/holds`, { credits: "4" });
    const accounts = await ledger.get<AccountList>(`/v1/accounts?prefix=${account}`);
    expect(accounts.body).toEqual({ accounts: [(await ledger.get(at)).body], nextCursor: null });
    expect((await ledger.get<HoldList>(`${at}/holds?status=open`)).body.holds).toEqual([body.hold]);
    expect((await ledger.get<Hold>(`${at}/holds/${body.hold.id}`)).body).toEqual(body.hold);
    const entry = (await ledger.get<Entry>(`${at}/entries/1`)).body;
    expect(entry).toMatchObject({ seq: 1, kind: "purchase", credits: "10" });
    expect((await ledger.get<Balance>(`${at}/balance?seq=1`)).body).toEqual({
      ...{ balance: "10", seq: 1, recordedAt: entry.recordedAt },
    });
    expect((await ledger.get<Totals>(`${at}/totals?by=kind`)).body).toMatchObject({
      totals: [{ kind: "purchase", title: "Purchased credits added", added: "10", entries: 1 }],
      ...{ opening: "0", closing: "10", nextCursor: null },
    });
  });

  it("reports usage, and its own health", async () => {
    const account = await ledger.account();
    const event = { id: "1", account, kind: "runtime_usage", credits: "2.25" };
    const reported = await ledger.post<UsageResults>("/v1/usage", { events: [event] });
    expect(reported.body.results).toMatchObject([{ id: "1", status: "posted", entry: { balance: "-2.25" } }]);
    for (const path of ["/healthz", "/readyz"]) {
      expect((await ledger.get(path, { authorization: null })).status).toBe(200);
    }
  });

  it("was called by these tests", () => {
    const all = listRoutes(ledger.document).map(({ method, path }) => `${method} ${path}`);
    expect(all.length).toBeGreaterThan(14);
    expect([...ledger.covered].sort()).toEqual(all.sort());
  });
});
