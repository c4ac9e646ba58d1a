import type { Problem, UsageResult, UsageResults } from "@credit-activity/client";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, Raw, SECRET, type TestLedger } from "./ledger.js";

/** Returns the id of a result, and its status or the code of its refusal. */
const toOutcome = (result: UsageResult) => [
  result.id,
  result.status === "refused" ? result.error.code : result.status,
];

const toEntry = (result: UsageResult) => ("error" in result ? null : result.entry);

describe("usage of accounts that can't be written", () => {
  const event = (account: string, id = account) => ({ id, account, kind: "ai_usage", credits: "1" });

  /** Opens a ledger with an account that can't be read, one that is locked, and one that is sound. */
  async function openBroken() {
    const ledger = await openLedger({ engine: "postgres" });
    for (const account of ["unreadable", "locked", "sound"]) await ledger.local.putAccount(account);
    const client = new pg.Client(ledger.url as string);
    await client.connect();
    await client.query("UPDATE credits.accounts SET due_at = 'infinity' WHERE account = 'unreadable'");
    await client.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'locked' FOR UPDATE");
    return {
      ledger,
      async drop() {
        await client.query("ROLLBACK");
        await client.end();
        await ledger.drop();
      },
    };
  }

  it("has the status of what may be sent again, whatever the order, unless an event was decided", async () => {
    const { ledger, drop } = await openBroken();
    const post = async (body: unknown, type: string) => {
      const headers = { authorization: `Bearer ${SECRET}`, "content-type": type };
      const request = { method: "POST", headers, body: JSON.stringify(body) };
      const response = await ledger.local.fetch(new Request("http://ledger.test/v1/usage", request));
      return { status: response.status, body: (await response.json()) as UsageResults & Problem };
    };
    const send = (...events: unknown[]) => post({ events }, "application/json");
    expect((await send(event("locked"), event("unreadable"))).status).toBe(503);
    expect((await send(event("unreadable"), event("locked"))).status).toBe(503);
    expect((await send(event("unreadable"))).status).toBe(500);
    const outcomes = async (...events: unknown[]) => {
      const { status, body } = await send(...events);
      return [
        status,
        ...body.results.map((result) => ("error" in result ? result.error.code : result.status)),
      ];
    };
    expect(await outcomes(event("unreadable"), event("sound"), event("locked"))).toEqual([
      ...[200, "internal", "posted", "unavailable"],
    ]);
    expect(await outcomes(event("unreadable"), { id: "x" })).toEqual([200, "internal", "bad_request"]);
    const cloud = ["sound", "unreadable"].map((account) => ({
      ...{ specversion: "1.0", id: "e", source: "/s", type: "t", subject: account },
      data: { kind: "ai_usage", credits: "1" },
    }));
    const reply = await post(cloud, "application/cloudevents-batch+json");
    expect([reply.status, reply.body.detail]).toEqual([503, expect.stringMatching(/^Some events failed\./)]);
    await drop();
  });
});

describe.each(ENGINES)("usage on %s", (engine) => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
  });
  afterAll(() => ledger.drop());

  const report = (events: unknown) => ledger.post<UsageResults>("/v1/usage", { events });

  it("has a result per event, in the order of the events", async () => {
    const [a, b] = [await ledger.account(), await ledger.account()];
    const event = (id: string, account: string, credits: unknown) => ({
      id,
      account,
      kind: "ai_usage",
      credits,
    });
    const events = [
      event("1", a, "1"),
      event("2", a, 0.1 + 0.2),
      event("1", b, "2"),
      null,
      event("1", a, "1"),
      event("3", "nobody", "1"),
      event("1", a, "7"),
      { ...event("4", a, "1"), occurredAt: "2150-01-01T00:00:00Z" },
      event("5", a, "-1"),
      { ...event("6", a, "1"), surprise: true },
      { ...event("", a, "1") },
      event("7", a, "1.000001"),
    ];
    const { body } = await report(events);
    expect(body.results.map(toOutcome)).toEqual([
      ["1", "posted"],
      ["2", "bad_request"],
      ["1", "posted"],
      [null, "bad_request"],
      ["1", "duplicate"],
      ["3", "account_not_found"],
      ["1", "key_conflict"],
      ["4", "occurred_in_future"],
      ["5", "invalid_amount"],
      ["6", "bad_request"],
      ["", "bad_request"],
      ["7", "posted"],
    ]);
    expect(body.results[4]).toEqual({ ...body.results[0], status: "duplicate" });
    const state = await ledger.readState(a);
    expect(state.entries.map((entry) => entry.key)).toEqual(["7", "1"]);
    expect(state.account.balance).toBe("-2.000001");
    const again = await report(events);
    expect(again.body.results.filter(({ status }) => status === "posted")).toEqual([]);
    expect(await ledger.readState(a)).toEqual(state);
  });

  it("takes 10,000 events, and refuses 10,001, none, and what is not an array", async () => {
    const account = await ledger.account();
    const events = Array.from({ length: 10_001 }, (_, index) => ({
      id: `event-${index}`,
      account,
      kind: "ai_usage",
      credits: "0.001",
    }));
    for (const wrong of [events, [], {}, "x", null, undefined]) {
      const reply = await ledger.post("/v1/usage", { events: wrong });
      expect([reply.status, reply.body.code]).toEqual([400, "bad_request"]);
    }
    const { body } = await report(events.slice(0, 10_000));
    expect(body.results.every(({ status }) => status === "posted")).toBe(true);
    expect(body.results.map((result) => toEntry(result)?.seq)).toEqual(
      events.slice(1).map((_, index) => index + 1),
    );
    expect((await ledger.readState(account)).account.balance).toBe("-10");
  });

  it("refuses bodies that do not match their media type", async () => {
    for (const body of ["", "{", "[]", '{"events":[],"more":1}', "null"]) {
      const reply = await ledger.post("/v1/usage", new Raw(body));
      expect([reply.status, reply.body.code], body).toEqual([400, "bad_request"]);
    }
  });

  describe("as CloudEvents", () => {
    const single = { contentType: "application/cloudevents+json" };
    const batch = { contentType: "application/cloudevents-batch+json; charset=UTF-8" };
    const createEvent = (account: string, more: object = {}) => ({
      specversion: "1.0",
      id: "1",
      source: "/gateway/eu-1",
      type: "com.example.usage",
      subject: account,
      time: "2026-01-01T00:00:00.5Z",
      datacontenttype: "application/json",
      traceparent: "00-1",
      data: { kind: "ai_usage", credits: "2", project: "site" },
      ...more,
    });

    it("is posted once per event", async () => {
      const account = await ledger.account();
      const first = await ledger.post<UsageResults>("/v1/usage", createEvent(account), single);
      expect(first.body.results).toMatchObject([
        { id: "1", status: "posted", entry: { credits: "-2", occurredAt: "2026-01-01T00:00:00.500000Z" } },
      ]);
      const again = await ledger.post<UsageResults>("/v1/usage", createEvent(account), single);
      expect(again.body.results).toMatchObject([{ id: "1", status: "duplicate" }]);
    });

    it("is posted in a batch, where one id of two sources is two events", async () => {
      const account = await ledger.account();
      const events = [
        createEvent(account),
        createEvent(account, { source: "/gateway/eu-2" }),
        createEvent(account, { source: "a", id: "b#c" }),
        createEvent(account, { source: "a#b", id: "c" }),
        createEvent(account, { source: "a", id: "b c" }),
        createEvent(account),
      ];
      const { body } = await ledger.post<UsageResults>("/v1/usage", events, batch);
      expect(body.results.map(({ status }) => status)).toEqual([
        ...["posted", "posted", "posted", "posted", "posted", "duplicate"],
      ]);
      expect((await ledger.readState(account)).account.balance).toBe("-10");
    });

    it("is refused per event that is not valid", async () => {
      const account = await ledger.account();
      const wrong = [
        createEvent(account, { specversion: "0.3" }),
        createEvent(account, { specversion: undefined }),
        createEvent(account, { id: "" }),
        createEvent(account, { id: "x".repeat(250) }),
        createEvent(account, { source: "" }),
        createEvent(account, { source: "a b" }),
        createEvent(account, { type: undefined }),
        createEvent(account, { subject: undefined }),
        createEvent(account, { subject: ".." }),
        createEvent(account, { time: "yesterday" }),
        createEvent(account, { datacontenttype: "application/xml" }),
        createEvent(account, { data: undefined }),
        createEvent(account, { data: "x" }),
        createEvent(account, { data: ["ai_usage"] }),
        createEvent(account, { data: { kind: "ai_usage", credits: 1e-7 } }),
        createEvent(account, { data: { kind: "ai_usage", credits: "2", account: "other" } }),
        createEvent(account, { data: { kind: "ai_usage", credits: "2", id: "other" } }),
        createEvent(account, {
          data: { kind: "ai_usage", credits: "2", occurredAt: "2026-01-01T00:00:00Z" },
        }),
        "x",
        null,
      ];
      const { body } = await ledger.post<UsageResults>("/v1/usage", [...wrong, createEvent(account)], batch);
      expect(body.results.map((result) => toOutcome(result)[1])).toEqual([
        ...wrong.map(() => "bad_request"),
        "posted",
      ]);
      expect((await ledger.readState(account)).account.balance).toBe("-2");
    });

    it("is refused in a batch that is not an array of events", async () => {
      for (const body of [{ events: [] }, [], "x"]) {
        const reply = await ledger.post("/v1/usage", body, batch);
        expect([reply.status, reply.body.code]).toEqual([400, "bad_request"]);
      }
    });

    it.each(["application/cloudevents+xml", "text/plain", "constructor", "__proto__"])(
      "is refused with the media type %s",
      async (contentType) => {
        const reply = await ledger.post("/v1/usage", {}, { contentType });
        expect([reply.status, reply.body.code]).toEqual([415, "unsupported_media_type"]);
      },
    );

    it.each(["constructor", "toString", "surprise"])(
      "names an unknown field of its data: %s",
      async (field) => {
        const account = await ledger.account();
        const data = { kind: "ai_usage", credits: "2", [field]: "x" };
        const reply = await ledger.post<UsageResults>("/v1/usage", createEvent(account, { data }), single);
        const detail = expect.stringContaining(`data.${field} `);
        expect(reply.body.results).toMatchObject([{ status: "refused", error: { detail } }]);
      },
    );
  });
});
