import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { type EntryAnswer, type HoldAnswer, openLedger, Raw, type TestLedger } from "./ledger.js";

/** Amounts that no command takes, whatever the field. */
const NO_AMOUNTS: readonly unknown[] = [
  ...[5, 1e3, true, null, [], {}, "", " ", "1 ", "+1", "1e3", "1E-3", "NaN", "Infinity", "-Infinity", "0x10"],
  ...["1.0000001", "1.", ".5", "1,000", "1_000", "--1", "٣", "9223372036854.775808", "1".repeat(400)],
];

const LONE = "\ud83d";

describe.each(ENGINES)("refusals on %s", (engine) => {
  let ledger: TestLedger;
  let account: string;
  let hold: string;
  /** A body for each route that would succeed. */
  let good: Record<string, Readonly<Record<string, unknown>>>;

  beforeAll(async () => {
    ledger = await openLedger({ engine });
    account = await ledger.account("100");
    await ledger.post<EntryAnswer>(at("spend"), { credits: "5" });
    hold = (await ledger.post<HoldAnswer>(at("holds"), { credits: "5" })).body.hold.hold;
    const source = { type: "model", id: "m", label: "Model" };
    const usage = { credits: "1", source, project: "p", description: "d" };
    good = {
      grants: { kind: "bonus", title: "t", credits: "1", source, description: "d", metadata: {} },
      spend: { ...usage, original_credits: "2", metadata: {} },
      holds: { ...usage, expires_in: 60 },
      [`holds/${hold}/settle`]: { credits: "1", original_credits: "2", description: "d", metadata: {} },
      refunds: { entry: 2, credits: "1", description: "d", metadata: {} },
      adjustments: { credits: "1", description: "d", metadata: {} },
      writeoffs: { credits: "1", description: "d", metadata: {} },
      tokens: { expires_in: 60 },
    };
  });
  afterAll(() => ledger.drop());

  const at = (path: string) => `/v1/accounts/${account}/${path}`;
  const routesWith = (field: string) => Object.entries(good).filter(([, body]) => field in body);

  /** Sends what has to be refused, and sees that it was, and that nothing moved. */
  async function refuse(status: number, code: string, sent: readonly [path: string, body: unknown][]) {
    const before = await ledger.stateOf(account);
    for (const [path, body] of sent) {
      const answer = await ledger.post(at(path), body);
      const shown = `${path} ${JSON.stringify(body)?.slice(0, 150)}`;
      expect([answer.status, answer.body.code], shown).toEqual([status, code]);
    }
    expect(await ledger.stateOf(account)).toEqual(before);
  }
  const refuse400 = (sent: readonly [path: string, body: unknown][]) => refuse(400, "bad_request", sent);

  it("bodies that are not JSON, or another JSON than an object", async () => {
    for (const path of Object.keys(good)) {
      const texts = ["", "{", "null", "[]", '"x"', "7", "{}x", '{"credits":1,}', "\ufeff{", "\xff\xfe"];
      await refuse400(texts.map((text) => [path, new Raw(text)]));
    }
  });

  it("unknown fields, at the top and below it", async () => {
    await refuse400(Object.entries(good).map(([path, body]) => [path, { ...body, surprise: 1 }]));
    await refuse400(
      routesWith("source").map(([path, body]) => [
        path,
        { ...body, source: { type: "a", label: "b", x: 1 } },
      ]),
    );
    await refuse400([[`holds/${hold}/release`, { reason: "x" }]]);
    const put = await ledger.call("PUT", `/v1/accounts/${account}`, { balance: "1" });
    expect([put.status, put.body.code]).toEqual([400, "bad_request"]);
    expect(put.body.errors).toMatchObject([{ message: expect.stringContaining("balance") }]);
  });

  it("missing fields", async () => {
    for (const [path, field] of [
      ...[
        ["grants", "kind"],
        ["grants", "credits"],
        ["spend", "credits"],
        ["holds", "credits"],
        ["refunds", "entry"],
      ],
      ...[
        ["adjustments", "credits"],
        ["adjustments", "description"],
        ["writeoffs", "description"],
      ],
    ] as [string, string][]) {
      const { [field]: _left, ...body } = good[path] ?? {};
      await refuse400([[path, body]]);
    }
  });

  it("amounts that are not decimal strings with at most six decimals", async () => {
    for (const field of ["credits", "original_credits"]) {
      const optional = (path: string) => field === "original_credits" || path === "refunds";
      for (const [path, body] of routesWith(field)) {
        const amounts = NO_AMOUNTS.filter((amount) => amount !== null || !optional(path));
        await refuse400(amounts.map((amount) => [path, { ...body, [field]: amount }]));
      }
    }
  });

  it("wrong types and values out of bounds", async () => {
    const bad: Record<string, readonly unknown[]> = {
      kind: ["ai_usage", "expiry", "", 1, null],
      title: ["", "x".repeat(201), 5],
      description: ["x".repeat(501), 5, {}],
      project: ["", "x".repeat(201), 5],
      source: ["x", [], { type: "a" }, { type: "", label: "b" }, { type: "a", label: "x".repeat(201) }],
      metadata: [[], "x", null, { a: null }, { a: {} }, { a: [] }, { "": 1 }, { a: "x".repeat(501) }],
      expires_in: [0, -1, 1.5, 1e9, "60", null],
      entry: [0, -1, 1.5, "2", 2 ** 53, null],
      priority: [-1, 1.5, 1e7, "1"],
      effective_at: ["now", "2026-01-01", "2026-02-30T00:00:00Z", "1899-12-31T23:59:59Z", 0],
    };
    for (const [field, values] of Object.entries(bad)) {
      const routes =
        field === "priority" || field === "effective_at" ? routesWith("title") : routesWith(field);
      expect(routes.length).toBeGreaterThan(0);
      for (const [path, body] of routes)
        await refuse400(values.map((value) => [path, { ...body, [field]: value }]));
    }
    await refuse400([["grants", { kind: "purchase", credits: "1", title: "Mine" }]]);
  });

  it("metadata beyond its limits, which up to them is kept exactly", async () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
    const routes = routesWith("metadata");
    await refuse400(routes.map(([path, body]) => [path, { ...body, metadata: many(51) }]));
    await refuse400(routes.map(([path, body]) => [path, { ...body, metadata: { ["k".repeat(65)]: 1 } }]));
    await refuse400(routes.map(([path]) => [path, new Raw(`{"credits":"1","metadata":{"a":1e400}}`)]));
    await refuse400(
      routes.map(([path, body]) => [path, { ...body, metadata: { a: Number.MAX_SAFE_INTEGER + 1 } }]),
    );
    const kept = {
      ["k".repeat(64)]: "x".repeat(500),
      é: "😀",
      n: -0.1,
      big: Number.MAX_SAFE_INTEGER,
      no: false,
    };
    for (const metadata of [kept, many(50)]) {
      const answer = await ledger.post<EntryAnswer>(at("grants"), {
        kind: "purchase",
        credits: "1",
        metadata,
      });
      expect(answer.body.entry.metadata).toEqual(metadata);
      expect((await ledger.stateOf(account)).entries[0]?.metadata).toEqual(metadata);
    }
    expect((await ledger.credits.verify()).violations).toEqual([]);
  });

  it("texts that can't be stored, in every field that takes a text", async () => {
    for (const text of ["a\0b", `a${LONE}`, "\udc00a"]) {
      for (const field of ["title", "description", "project"]) {
        await refuse400(routesWith(field).map(([path, body]) => [path, { ...body, [field]: text }]));
      }
      for (const part of ["type", "id", "label"]) {
        const source = { type: "a", id: "b", label: "c", [part]: text };
        await refuse400(routesWith("source").map(([path, body]) => [path, { ...body, source }]));
      }
      for (const metadata of [{ [text]: 1 }, { a: text }]) {
        await refuse400(routesWith("metadata").map(([path, body]) => [path, { ...body, metadata }]));
      }
      const put = `/v1/accounts/${account}`;
      for (const body of [{ name: text }, { time_zone: text }, { metadata: { [text]: 1 } }]) {
        const answer = await ledger.call("PUT", put, body);
        expect([answer.status, answer.body.code], JSON.stringify(body)).toEqual([400, "bad_request"]);
      }
    }
    await refuse400([[`holds/%00/release`, {}]]);
  });

  it("texts with anything else in them come back as they were sent", async () => {
    const text = 'tab\tnewline\n"quoted" \\ 😀 ‮rtl é é \u0001 <script>';
    const body = { kind: "bonus", credits: "1", title: text, description: text, metadata: { a: text } };
    const { entry } = (await ledger.post<EntryAnswer>(at("grants"), body)).body;
    expect([entry.title, entry.description, entry.metadata.a]).toEqual([text, text, text]);
  });

  it("account settings that are none", async () => {
    for (const body of [
      ...[{ time_zone: "Mars/Olympus" }, { time_zone: "" }, { time_zone: null }, { overdraft_limit: "-1" }],
      ...[
        { overdraft_limit: 5 },
        { overdraft_limit: "1e3" },
        { name: 5 },
        { name: "x".repeat(201) },
        { metadata: null },
      ],
    ]) {
      const answer = await ledger.call("PUT", "/v1/accounts/never", body);
      expect([answer.status, answer.body.code], JSON.stringify(body)).toEqual([400, "bad_request"]);
    }
    expect((await ledger.get("/v1/accounts/never")).body.code).toBe("account_not_found");
  });

  it("what is not there: 404", async () => {
    for (const path of Object.keys(good)) {
      const answer = await ledger.post(`/v1/accounts/nobody/${path}`, good[path]);
      expect([answer.status, answer.body.code], path).toEqual([404, "account_not_found"]);
    }
    for (const path of ["", "/activity", "/activity/1/entries", "/entries", "/grants"]) {
      const answer = await ledger.get(`/v1/accounts/nobody${path}`);
      expect([answer.status, answer.body.code], path).toEqual([404, "account_not_found"]);
    }
    await refuse(404, "hold_not_found", [
      ["holds/nothing/settle", { credits: "1" }],
      ["holds/nothing/release", {}],
    ]);
    await refuse(404, "entry_not_found", [["refunds", { entry: 99_999 }]]);
    expect((await ledger.get(at("activity/999/entries"))).body.code).toBe("row_not_found");
    for (const [method, path] of [
      ["GET", "/v1/nothing"],
      ["DELETE", `/v1/accounts/${account}`],
      ["GET", "/nothing"],
    ]) {
      const answer = await ledger.call(method as string, path as string);
      expect([answer.status, answer.body.code]).toEqual([404, "not_found"]);
    }
  });

  it("what the ledger can't do: 402, 409 and 422", async () => {
    const credits = "1000000";
    await refuse(402, "insufficient_credits", [
      ["spend", { credits }],
      ["holds", { credits }],
      ["writeoffs", { credits, description: "x" }],
      [`holds/${hold}/settle`, { credits }],
    ]);
    await refuse(422, "invalid_amount", [
      ["grants", { kind: "purchase", credits: "0" }],
      ["grants", { kind: "purchase", credits: "-1" }],
      ["spend", { credits: "-1" }],
      ["spend", { credits: "0" }],
      ["spend", { credits: "2", original_credits: "1" }],
      ["holds", { credits: "0" }],
      ["refunds", { entry: 2, credits: "-1" }],
      ["adjustments", { credits: "0", description: "x" }],
      ["writeoffs", { credits: "-1", description: "x" }],
    ]);
    await refuse(422, "already_expired", [
      ["grants", { kind: "purchase", credits: "1", expires_at: "2020-01-01T00:00:00Z" }],
    ]);
    await refuse(422, "not_refundable", [["refunds", { entry: 1 }]]);
    await refuse(422, "refund_exceeds_entry", [["refunds", { entry: 2, credits: "5.000001" }]]);
    await refuse(422, "amount_out_of_range", [
      ["grants", { kind: "purchase", credits: "9223372036854.775807" }],
      ["adjustments", { credits: "9223372036854.775807", description: "x" }],
    ]);
    const closed = (await ledger.post<HoldAnswer>(at("holds"), { credits: "1" })).body.hold.hold;
    await ledger.post(at(`holds/${closed}/release`), {});
    await refuse(409, "hold_closed", [
      [`holds/${closed}/settle`, { credits: "1" }],
      [`holds/${closed}/release`, {}],
    ]);
  });

  it("bodies of another type, or of none: 415", async () => {
    const before = await ledger.stateOf(account);
    for (const [path, body] of [...Object.entries(good), ["../../usage", { events: [] }] as const]) {
      for (const contentType of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        null,
      ]) {
        const answer = await ledger.post(at(path), body, { contentType });
        expect([answer.status, answer.body.code], `${path} as ${contentType}`).toEqual([
          415,
          "unsupported_media_type",
        ]);
      }
    }
    expect(await ledger.stateOf(account)).toEqual(before);
    const charset = { contentType: "Application/JSON; charset=utf-8" };
    expect((await ledger.post(at("spend"), { credits: "1" }, charset)).status).toBe(201);
  });

  it("bodies of more than 16 MiB: 413, whether or not they say how long they are", async () => {
    const before = await ledger.stateOf(account);
    const padded = (bytes: number) => {
      const body = new Uint8Array(bytes).fill(0x20);
      body.set(new TextEncoder().encode('{"credits":"1","description":"x"'));
      body[bytes - 1] = 0x7d;
      return new Raw(body);
    };
    const most = 16 * 1024 * 1024;
    for (const path of ["spend", "writeoffs", "../../usage"]) {
      for (const headers of [{}, { "content-length": String(most + 1) }]) {
        const answer = await ledger.post(at(path), padded(most + 1), { headers });
        expect([answer.status, answer.body.code], path).toEqual([413, "payload_too_large"]);
      }
    }
    expect(await ledger.stateOf(account)).toEqual(before);
    expect((await ledger.post(at("spend"), padded(most))).status).toBe(201);
  });
});
