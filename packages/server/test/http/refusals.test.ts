import type { EntryResult, HoldResult } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, Raw, type TestLedger } from "./ledger.js";

/** Values that are not amounts, whatever the field. */
// biome-ignore format: one value after the other
const NOT_AMOUNTS: readonly unknown[] = [
  true, null, [], {}, "", " ", "1 ", "+1", "1e3", "1E-3", "NaN", "Infinity", "-Infinity", "0x10", "1.0000001", "1.",
  ".5", "1,000", "1_000", "--1", "٣", "9223372036854.775808", "1".repeat(400),
  0.1 + 0.2, 1.0000001, 1e-7, 2 ** 53, 9223372036854.775, 1e21,
];

const LONE = "\ud83d";

describe.each(ENGINES)("refusals on %s", (engine) => {
  let ledger: TestLedger;
  let account: string;
  let hold: string;
  /** A body per route that would succeed. */
  let good: Record<string, Readonly<Record<string, unknown>>>;

  beforeAll(async () => {
    ledger = await openLedger({ engine });
    account = await ledger.account("100");
    await ledger.post<EntryResult>(at("spend"), { credits: "5" });
    hold = (await ledger.post<HoldResult>(at("holds"), { credits: "5" })).body.hold.id;
    const source = { type: "model", id: "m", label: "Model" };
    const described = { description: "d", metadata: {}, privateMetadata: {} };
    const dimensions = { project: "p", member: "m", task: { id: "t", label: "T" } };
    const measured = { price: "v1", quantities: { tokens: "5" }, estimated: true, cost: "0.1" };
    good = {
      grants: { kind: "bonus", title: "t", credits: "1", source, ...described },
      spend: { credits: "1", originalCredits: "2", source, ...dimensions, ...measured, ...described },
      holds: { credits: "1", source, ...dimensions, expiresIn: 60, ...described },
      [`holds/${hold}/settle`]: { credits: "1", originalCredits: "2", ...measured, ...described },
      refunds: { entry: 2, credits: "1", source, ...described },
      adjustments: { credits: "1", source, ...described },
      writeoffs: { credits: "1", source, ...described },
      tokens: { expiresIn: 60 },
    };
  });
  afterAll(() => ledger.drop());

  const at = (path: string) => `/v1/accounts/${account}/${path}`;
  const routesWith = (field: string) => Object.entries(good).filter(([, body]) => field in body);

  /** Expects that each request is refused, and that nothing moved. */
  async function refuse(status: number, code: string, sent: readonly [path: string, body: unknown][]) {
    const before = await ledger.readState(account);
    for (const [path, body] of sent) {
      const reply = await ledger.post(at(path), body);
      const shown = `${path} ${JSON.stringify(body)?.slice(0, 150)}`;
      expect([reply.status, reply.body.code], shown).toEqual([status, code]);
    }
    expect(await ledger.readState(account)).toEqual(before);
  }
  const refuse400 = (sent: readonly [path: string, body: unknown][]) => refuse(400, "bad_request", sent);

  it("bodies that are not a JSON object", async () => {
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
    await refuse400(
      routesWith("project").map(([path, body]) => [
        path,
        { ...body, project: { id: "a", label: "b", x: 1 } },
      ]),
    );
    await refuse400([[`holds/${hold}/release`, { reason: "x" }]]);
    const put = await ledger.call("PUT", `/v1/accounts/${account}`, { balance: "1" });
    expect([put.status, put.body.code]).toEqual([400, "bad_request"]);
    expect(put.body.errors).toEqual([{ path: "balance", message: "is not a field. Leave it out" }]);
  });

  it("missing fields", async () => {
    // biome-ignore format: one field after the other
    for (const [path, field] of [
      ["grants", "kind"], ["grants", "credits"], ["spend", "credits"], ["holds", "credits"], ["refunds", "entry"],
      ["adjustments", "credits"], ["adjustments", "description"], ["writeoffs", "credits"], ["writeoffs", "description"],
    ] as const) {
      const { [field]: _left, ...body } = good[path] ?? {};
      await refuse400([[path, body]]);
    }
  });

  it("amounts that are not decimals with at most six digits after the point", async () => {
    for (const field of ["credits", "originalCredits", "cost"]) {
      const optional = (path: string) => field !== "credits" || path === "refunds";
      for (const [path, body] of routesWith(field)) {
        const amounts = NOT_AMOUNTS.filter((amount) => amount !== null || !optional(path));
        await refuse400(amounts.map((amount) => [path, { ...body, [field]: amount }]));
      }
    }
  });

  it("wrong types and values out of bounds", async () => {
    const bad: Record<string, readonly unknown[]> = {
      kind: ["ai_usage", "expiry", "refund", "writeoff", "nothing", "", 1, null],
      title: ["", "x".repeat(201), 5],
      description: ["x".repeat(501), 5, {}],
      project: ["", "x".repeat(201), 5, [], { label: "a" }, { id: "", label: "a" }],
      member: [
        { id: "a", label: "" },
        { id: 5, label: "a" },
      ],
      task: [{ id: "a", label: "x".repeat(201) }],
      price: ["", "x".repeat(129), 5],
      quantities: [[], "x", { a: "x" }, { a: null }, { "": 1 }, { a: "1.0000001" }],
      estimated: ["true", 1],
      source: ["x", [], { type: "a" }, { type: "", label: "b" }, { type: "a", label: "x".repeat(201) }],
      metadata: [[], "x", { a: null }, { a: {} }, { a: [] }, { "": 1 }, { a: "x".repeat(501) }],
      privateMetadata: [[], { a: {} }],
      expiresIn: [0, -1, 1.5, 1e9, "60"],
      entry: [0, -1, 1.5, "2", 2 ** 53, null],
      priority: [-1, 1.5, 1e7, "1"],
      effectiveAt: ["now", "2026-01-01", "2026-02-30T00:00:00Z", "1899-12-31T23:59:59Z", 0],
    };
    for (const [field, values] of Object.entries(bad)) {
      const routes =
        field === "priority" || field === "effectiveAt" ? routesWith("title") : routesWith(field);
      expect(routes.length).toBeGreaterThan(0);
      for (const [path, body] of routes)
        await refuse400(values.map((value) => [path, { ...body, [field]: value }]));
    }
    await refuse400([["grants", { kind: "purchase", credits: "1", title: "Mine" }]]);
  });

  it("metadata beyond its limits, and up to them it is stored exactly", async () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
    const routes = routesWith("metadata");
    await refuse400(routes.map(([path, body]) => [path, { ...body, metadata: many(51) }]));
    await refuse400(routes.map(([path, body]) => [path, { ...body, metadata: { ["k".repeat(65)]: 1 } }]));
    await refuse400(routes.map(([path]) => [path, new Raw(`{"credits":"1","metadata":{"a":1e400}}`)]));
    await refuse400(
      routes.map(([path, body]) => [path, { ...body, metadata: { a: Number.MAX_SAFE_INTEGER + 1 } }]),
    );
    const stored = {
      ["k".repeat(64)]: "x".repeat(500),
      é: "😀",
      n: -0.1,
      big: Number.MAX_SAFE_INTEGER,
      no: false,
    };
    for (const metadata of [stored, many(50)]) {
      const reply = await ledger.post<EntryResult>(at("grants"), {
        kind: "purchase",
        credits: "1",
        metadata,
      });
      expect(reply.body.entry.metadata).toEqual(metadata);
      expect((await ledger.readState(account)).entries[0]?.metadata).toEqual(metadata);
    }
    expect((await ledger.local.verify()).violations).toEqual([]);
  });

  it("strings that can't be stored, in every field that takes a string", async () => {
    for (const text of ["a\0b", `a${LONE}`, "\udc00a"]) {
      for (const field of ["title", "description", "project", "member", "task", "price"]) {
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
      for (const body of [{ name: text }, { timeZone: text }, { metadata: { [text]: 1 } }]) {
        const reply = await ledger.call("PUT", put, body);
        expect([reply.status, reply.body.code], JSON.stringify(body)).toEqual([400, "bad_request"]);
      }
    }
    await refuse400([[`holds/%00/release`, {}]]);
  });

  it("but strings with any other character come back as they were sent", async () => {
    const text = 'tab\tnewline\n"quoted" \\ 😀 ‮rtl é é \u0001 <script>';
    const body = { kind: "bonus", credits: "1", title: text, description: text, metadata: { a: text } };
    const { entry } = (await ledger.post<EntryResult>(at("grants"), body)).body;
    expect([entry.title, entry.description, entry.metadata.a]).toEqual([text, text, text]);
  });

  it("account settings that are not valid", async () => {
    for (const body of [
      ...[
        { timeZone: "Mars/Olympus" },
        { timeZone: "" },
        { timeZone: 5 },
        { overdraftLimit: "-1" },
        { overdraftLimit: -1 },
      ],
      ...[
        { overdraftLimit: 0.1 + 0.2 },
        { overdraftLimit: "1e3" },
        { name: 5 },
        { name: "x".repeat(201) },
        { metadata: [] },
      ],
    ]) {
      const reply = await ledger.call("PUT", "/v1/accounts/never", body);
      expect([reply.status, reply.body.code], JSON.stringify(body)).toEqual([400, "bad_request"]);
    }
    expect((await ledger.get("/v1/accounts/never")).body.code).toBe("account_not_found");
  });

  it("what does not exist: 404", async () => {
    for (const path of Object.keys(good)) {
      const reply = await ledger.post(`/v1/accounts/nobody/${path}`, good[path]);
      expect([reply.status, reply.body.code], path).toEqual([404, "account_not_found"]);
    }
    for (const path of ["", "/activity", "/activity/1/entries", "/entries", "/grants"]) {
      const reply = await ledger.get(`/v1/accounts/nobody${path}`);
      expect([reply.status, reply.body.code], path).toEqual([404, "account_not_found"]);
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
      const reply = await ledger.call(method as string, path as string);
      expect([reply.status, reply.body.code]).toEqual([404, "not_found"]);
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
      ["spend", { credits: "2", originalCredits: "1" }],
      ["holds", { credits: "0" }],
      ["refunds", { entry: 2, credits: "-1" }],
      ["adjustments", { credits: "0", description: "x" }],
      ["writeoffs", { credits: "-1", description: "x" }],
    ]);
    await refuse(422, "already_expired", [
      ["grants", { kind: "purchase", credits: "1", expiresAt: "2020-01-01T00:00:00Z" }],
    ]);
    await refuse(422, "not_refundable", [["refunds", { entry: 1 }]]);
    await refuse(422, "refund_exceeds_entry", [["refunds", { entry: 2, credits: "5.000001" }]]);
    await refuse(422, "amount_out_of_range", [
      ["grants", { kind: "purchase", credits: "9223372036854.775807" }],
      ["adjustments", { credits: "9223372036854.775807", description: "x" }],
    ]);
    const closed = (await ledger.post<HoldResult>(at("holds"), { credits: "1" })).body.hold.id;
    await ledger.post(at(`holds/${closed}/release`), {});
    await refuse(409, "hold_closed", [
      [`holds/${closed}/settle`, { credits: "1" }],
      [`holds/${closed}/release`, {}],
    ]);
  });

  it("bodies of another type, or without one: 415", async () => {
    const before = await ledger.readState(account);
    for (const [path, body] of [...Object.entries(good), ["../../usage", { events: [] }] as const]) {
      for (const contentType of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        null,
      ]) {
        const reply = await ledger.post(at(path), body, { contentType });
        expect([reply.status, reply.body.code], `${path} as ${contentType}`).toEqual([
          415,
          "unsupported_media_type",
        ]);
      }
    }
    expect(await ledger.readState(account)).toEqual(before);
    const charset = { contentType: "Application/JSON; charset=utf-8" };
    expect((await ledger.post(at("spend"), { credits: "1" }, charset)).status).toBe(201);
  });

  it("bodies of more than 1 MiB, or 16 MiB of usage: 413, with and without a length", async () => {
    const before = await ledger.readState(account);
    const padded = (bytes: number) => {
      const body = new Uint8Array(bytes).fill(0x20);
      body.set(new TextEncoder().encode('{"credits":"1","description":"x"'));
      body[bytes - 1] = 0x7d;
      return new Raw(body);
    };
    const most = 1024 * 1024;
    for (const path of ["spend", "writeoffs", "../../usage"]) {
      const bytes = (path.endsWith("usage") ? 16 * most : most) + 1;
      for (const headers of [{}, { "content-length": String(bytes) }]) {
        const reply = await ledger.post(at(path), padded(bytes), { headers });
        expect([reply.status, reply.body.code], path).toEqual([413, "payload_too_large"]);
      }
    }
    expect(await ledger.readState(account)).toEqual(before);
    expect((await ledger.post(at("spend"), padded(most))).status).toBe(201);
  });
});
