import type { Account, ActivityPage, EntryList, GrantList } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { type EntryAnswer, type HoldAnswer, openLedger, type TestLedger } from "./ledger.js";
import { routesOf } from "./openapi-schema.js";

describe.each(ENGINES)("every route on %s", (engine) => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
  });
  afterAll(() => ledger.drop());

  it("creates an account, then changes what is given of it", async () => {
    const created = await ledger.call<Account>("PUT", "/v1/accounts/acme", {
      name: "Acme",
      time_zone: "Europe/Berlin",
      overdraft_limit: "5.50",
      metadata: { plan: "pro", seats: 3, trial: false },
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      account: "acme",
      name: "Acme",
      time_zone: "Europe/Berlin",
      overdraft_limit: "5.5",
      metadata: { plan: "pro", seats: 3, trial: false },
      balance: "0",
      held: "0",
      available: "0",
    });
    const changed = await ledger.call<Account>("PUT", "/v1/accounts/acme", { name: null });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ name: null, time_zone: "Europe/Berlin", overdraft_limit: "5.5" });
    expect((await ledger.get<Account>("/v1/accounts/acme")).body).toEqual(changed.body);
  });

  it("answers a command 201 with the entry, and its repeat 200 with the same body", async () => {
    const account = await ledger.account();
    const at = `/v1/accounts/${account}`;
    const grant = {
      kind: "bonus",
      credits: "100.50",
      title: "Welcome",
      description: "For signing up",
      source: { type: "campaign", id: "spring", label: "Spring" },
      effective_at: "2026-01-01T00:00:00Z",
      expires_at: "2199-01-01T00:00:00Z",
      priority: 7,
      metadata: { code: "SPRING" },
    };
    const spend = {
      credits: "8",
      original_credits: "10",
      source: { type: "model", label: "Sonnet" },
      project: "site",
      description: "Chat",
    };
    for (const [path, body, expected] of [
      ["grants", grant, { kind: "bonus", title: "Welcome", credits: "100.5", balance: "100.5", seq: 1 }],
      ["spend", spend, { kind: "ai_usage", credits: "-8", original_credits: "-10", discount_percent: 20 }],
      ["refunds", { entry: 2, credits: "3" }, { kind: "refund", credits: "3", project: "site" }],
      ["adjustments", { credits: "-1.000001", description: "Mended" }, { credits: "-1.000001" }],
      ["writeoffs", { credits: "0.499999", description: "Lost" }, { kind: "writeoff", balance: "94" }],
    ] as const) {
      const first = await ledger.post<EntryAnswer>(`${at}/${path}`, body, { key: `${path}-1` });
      expect(first.status).toBe(201);
      expect(first.body.entry).toMatchObject({ ...expected, key: `${path}-1` });
      const again = await ledger.post<EntryAnswer>(`${at}/${path}`, body, { key: `${path}-1` });
      expect([again.status, again.text]).toEqual([200, first.text]);
    }
    const { entries, grants, account: read } = await ledger.stateOf(account);
    expect(entries.map((entry) => entry.seq)).toEqual([5, 4, 3, 2, 1]);
    expect(grants).toMatchObject([
      { seq: 1, priority: 7, remaining: "94", expires_at: "2199-01-01T00:00:00.000000Z" },
    ]);
    expect(read).toMatchObject({ balance: "94", available: "94", remaining: { bonus: "94", purchase: "0" } });
  });

  it("takes the same payload for the same, however it is written", async () => {
    const account = await ledger.account("10");
    const path = `/v1/accounts/${account}/spend`;
    const first = await ledger.post(path, { credits: "1.5", project: "a" }, { key: "k" });
    const again = await ledger.post(
      path,
      { project: "a", kind: "ai_usage", credits: "01.500", description: null, metadata: {}, source: null },
      { key: "k" },
    );
    expect([again.status, again.text]).toEqual([200, first.text]);
  });

  it("holds, settles and releases", async () => {
    const account = await ledger.account("10");
    const at = `/v1/accounts/${account}/holds`;
    const hold = { kind: "build_usage", credits: "4", project: "site", expires_in: 60 };
    const first = await ledger.post<HoldAnswer>(at, hold, { key: "hold-1" });
    expect(first.status).toBe(201);
    expect(first.body.hold).toMatchObject({
      kind: "build_usage",
      credits: "4",
      project: "site",
      status: "open",
      key: "hold-1",
    });
    const again = await ledger.post(at, hold, { key: "hold-1" });
    expect([again.status, again.text]).toEqual([200, first.text]);
    const held = await ledger.get<Account>(`/v1/accounts/${account}`);
    expect(held.body).toMatchObject({ balance: "10", held: "4", available: "6" });

    const { hold: id } = first.body.hold;
    const settled = await ledger.post<EntryAnswer>(
      `${at}/${id}/settle`,
      { credits: "3" },
      { key: "settle-1" },
    );
    expect(settled.status).toBe(201);
    expect(settled.body.entry).toMatchObject({ kind: "build_usage", credits: "-3", project: "site" });
    const repeat = await ledger.post(`${at}/${id}/settle`, { credits: "3" }, { key: "settle-1" });
    expect([repeat.status, repeat.text]).toEqual([200, settled.text]);
    const stillOpen = await ledger.post(at, hold, { key: "hold-1" });
    expect([stillOpen.status, stillOpen.text]).toEqual([200, first.text]);

    const second = await ledger.post<HoldAnswer>(at, { credits: "7" });
    const path = `${at}/${second.body.hold.hold}/release`;
    const released = await ledger.post<HoldAnswer>(path, {}, { key: "release-1" });
    expect(released.status).toBe(201);
    expect(released.body.hold.status).toBe("released");
    const releasedAgain = await ledger.post<HoldAnswer>(path, undefined, { key: "release-1" });
    expect([releasedAgain.status, releasedAgain.text]).toEqual([200, released.text]);
    const after = await ledger.get<Account>(`/v1/accounts/${account}`);
    expect(after.body).toMatchObject({ balance: "7", held: "0", available: "7" });
  });

  it("shows the activity, the entries behind a row, and a token that can read them", async () => {
    const account = await ledger.account("10");
    const at = `/v1/accounts/${account}`;
    for (const credits of ["1", "2"]) await ledger.post(`${at}/spend`, { credits });
    const page = await ledger.get<ActivityPage>(`${at}/activity`);
    expect(page.body).toMatchObject({ from: 1, to: 2, total: 2, page: 1, pages: 1, balance: "7" });
    expect(page.body.rows).toMatchObject([
      { position: 2, category: "used", title: "AI usage", description: "2 calls", entries: 2, credits: "-3" },
      { position: 1, category: "added", title: "Purchased credits added", balance: "10" },
    ]);
    const behind = await ledger.get<EntryList>(`${at}/activity/2/entries`);
    expect(behind.body.entries.map((entry) => entry.credits)).toEqual(["-1", "-2"]);
    const token = await ledger.post<{ token: string }>(`${at}/tokens`, {});
    expect(token.status).toBe(201);
    const authorization = `Bearer ${token.body.token}`;
    const read = await ledger.get<GrantList>(`${at}/grants`, { authorization });
    expect(read.body.grants).toMatchObject([{ seq: 1, credits: "10", remaining: "7" }]);
    const empty = await ledger.get<ActivityPage>(`/v1/accounts/${await ledger.account()}/activity`);
    expect(empty.body).toMatchObject({ rows: [], from: 0, to: 0, total: 0, page: 1, pages: 1, balance: "0" });
  });

  it("reports usage, and says that it is well", async () => {
    const account = await ledger.account();
    const event = { id: "1", account, kind: "runtime_usage", credits: "2.25" };
    const reported = await ledger.post<{ results: unknown[] }>("/v1/usage", { events: [event] });
    expect(reported.body.results).toMatchObject([
      { id: "1", status: "posted", entry: { balance: "-2.25" }, error: null },
    ]);
    for (const path of ["/healthz", "/readyz"]) {
      expect((await ledger.get(path, { authorization: null })).status).toBe(200);
    }
  });

  it("has been through every operation of the document", () => {
    const all = routesOf(ledger.document).map(({ method, path }) => `${method} ${path}`);
    expect(all.length).toBeGreaterThan(14);
    expect([...ledger.covered].sort()).toEqual(all.sort());
  });
});
