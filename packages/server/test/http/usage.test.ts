import type { Entry } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, Raw, type TestLedger } from "./ledger.js";

interface Results {
  readonly results: readonly {
    readonly id: string | null;
    readonly status: string;
    readonly entry: Entry | null;
    readonly error: { readonly code: string; readonly detail: string } | null;
  }[];
}

describe.each(ENGINES)("usage on %s", (engine) => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
  });
  afterAll(() => ledger.drop());

  const report = (events: unknown) => ledger.post<Results>("/v1/usage", { events });

  it("answers each event for itself, in the order given", async () => {
    const [a, b] = [await ledger.account(), await ledger.account()];
    const event = (id: string, account: string, credits: unknown) => ({
      id,
      account,
      kind: "ai_usage",
      credits,
    });
    const events = [
      event("1", a, "1"),
      event("2", a, 5),
      event("1", b, "2"),
      null,
      event("1", a, "1"),
      event("3", "nobody", "1"),
      event("1", a, "7"),
      { ...event("4", a, "1"), occurred_at: "2150-01-01T00:00:00Z" },
      event("5", a, "-1"),
      { ...event("6", a, "1"), surprise: true },
      { ...event("", a, "1") },
      event("7", a, "1.000001"),
    ];
    const { body } = await report(events);
    expect(body.results.map(({ id, status, error }) => [id, error?.code ?? status])).toEqual([
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
    expect(body.results[4]?.entry).toEqual(body.results[0]?.entry);
    const state = await ledger.stateOf(a);
    expect(state.entries.map((entry) => entry.key)).toEqual(["7", "1"]);
    expect(state.account.balance).toBe("-2.000001");
    const again = await report(events);
    expect(again.body.results.filter(({ status }) => status === "posted")).toEqual([]);
    expect(await ledger.stateOf(a)).toEqual(state);
  });

  it("takes 10,000 events and refuses 10,001, none, and what is no list", async () => {
    const account = await ledger.account();
    const events = Array.from({ length: 10_001 }, (_, index) => ({
      id: `event-${index}`,
      account,
      kind: "ai_usage",
      credits: "0.001",
    }));
    for (const wrong of [events, [], {}, "x", null, undefined]) {
      const answer = await ledger.post("/v1/usage", { events: wrong });
      expect([answer.status, answer.body.code]).toEqual([400, "bad_request"]);
    }
    const { body } = await report(events.slice(0, 10_000));
    expect(body.results.every(({ status }) => status === "posted")).toBe(true);
    expect(body.results.map(({ entry }) => entry?.seq)).toEqual(events.slice(1).map((_, index) => index + 1));
    expect((await ledger.stateOf(account)).account.balance).toBe("-10");
  });

  it("refuses bodies that are not what the type says", async () => {
    for (const body of ["", "{", "[]", '{"events":[],"more":1}', "null"]) {
      const answer = await ledger.post("/v1/usage", new Raw(body));
      expect([answer.status, answer.body.code], body).toEqual([400, "bad_request"]);
    }
  });

  describe("as CloudEvents", () => {
    const single = { contentType: "application/cloudevents+json" };
    const batch = { contentType: "application/cloudevents-batch+json; charset=UTF-8" };
    const eventOf = (account: string, more: object = {}) => ({
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

    it("one by one, once each", async () => {
      const account = await ledger.account();
      const first = await ledger.post<Results>("/v1/usage", eventOf(account), single);
      expect(first.body.results).toMatchObject([
        { id: "1", status: "posted", entry: { credits: "-2", occurred_at: "2026-01-01T00:00:00.500000Z" } },
      ]);
      const again = await ledger.post<Results>("/v1/usage", eventOf(account), single);
      expect(again.body.results).toMatchObject([{ id: "1", status: "duplicate" }]);
    });

    it("in a batch, where the same id from two sources is two events", async () => {
      const account = await ledger.account();
      const events = [
        eventOf(account),
        eventOf(account, { source: "/gateway/eu-2" }),
        eventOf(account, { source: "a", id: "b#c" }),
        eventOf(account, { source: "a#b", id: "c" }),
        eventOf(account, { source: "a", id: "b c" }),
        eventOf(account),
      ];
      const { body } = await ledger.post<Results>("/v1/usage", events, batch);
      expect(body.results.map(({ status }) => status)).toEqual([
        ...["posted", "posted", "posted", "posted", "posted", "duplicate"],
      ]);
      expect((await ledger.stateOf(account)).account.balance).toBe("-10");
    });

    it("each refused alone when it is none", async () => {
      const account = await ledger.account();
      const wrong = [
        eventOf(account, { specversion: "0.3" }),
        eventOf(account, { specversion: undefined }),
        eventOf(account, { id: "" }),
        eventOf(account, { id: "x".repeat(250) }),
        eventOf(account, { source: "" }),
        eventOf(account, { source: "a b" }),
        eventOf(account, { type: undefined }),
        eventOf(account, { subject: undefined }),
        eventOf(account, { subject: ".." }),
        eventOf(account, { time: "yesterday" }),
        eventOf(account, { datacontenttype: "application/xml" }),
        eventOf(account, { data: undefined }),
        eventOf(account, { data: "x" }),
        eventOf(account, { data: ["ai_usage"] }),
        eventOf(account, { data: { kind: "ai_usage", credits: 2 } }),
        eventOf(account, { data: { kind: "ai_usage", credits: "2", account: "other" } }),
        eventOf(account, { data: { kind: "ai_usage", credits: "2", id: "other" } }),
        eventOf(account, { data: { kind: "ai_usage", credits: "2", occurred_at: "2026-01-01T00:00:00Z" } }),
        "x",
        null,
      ];
      const { body } = await ledger.post<Results>("/v1/usage", [...wrong, eventOf(account)], batch);
      expect(body.results.map(({ error }) => error?.code)).toEqual([
        ...wrong.map(() => "bad_request"),
        undefined,
      ]);
      expect((await ledger.stateOf(account)).account.balance).toBe("-2");
    });

    it("not in a batch that is none", async () => {
      for (const body of [{ events: [] }, [], "x"]) {
        const answer = await ledger.post("/v1/usage", body, batch);
        expect([answer.status, answer.body.code]).toEqual([400, "bad_request"]);
      }
      const xml = await ledger.post("/v1/usage", {}, { contentType: "application/cloudevents+xml" });
      expect(xml.body.code).toBe("unsupported_media_type");
    });
  });
});
