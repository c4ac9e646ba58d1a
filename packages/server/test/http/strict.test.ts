import type { EntryList, Problem, UsageResults } from "@credit-activity/client";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseJson } from "../../src/http/json.js";
import { openLedger, Raw, type TestLedger } from "./ledger.js";

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await openLedger({ engine: "pglite" });
});
afterAll(() => ledger.drop());

const CLOUD_EVENT = { contentType: "application/cloudevents+json" };

describe("a body of JSON", () => {
  it.each([
    ['{"kind":"bonus","credits":"1","credits":"2"}', /has an object with the same name twice/],
    ['{"kind":"bonus","credits":"1","\\u0063redits":"2"}', /has an object with the same name twice/],
    ['{"kind":"bonus","credits":"1","metadata":{"a":1,"a":1}}', /has an object with the same name twice/],
    ['{"kind":"bonus","credits":"1","__proto__":{}}', /has the name "__proto__"/],
    [`${"[".repeat(33)}${"]".repeat(33)}`, /is nested deeper than 32 levels/],
    [`{"a":${"[".repeat(1_000_000)}`, /is nested deeper than 32 levels/],
    ['{"kind":"bonus" "credits":"1"}', /is not JSON/],
  ])("is refused as %.60s", async (body, message) => {
    const account = await ledger.account();
    const reply = await ledger.post<Problem>(`/v1/accounts/${account}/grants`, new Raw(body));
    expect(reply.status).toBe(400);
    expect(reply.body.detail).toMatch(message);
    expect((await ledger.get<EntryList>(`/v1/accounts/${account}/entries`)).body.entries).toEqual([]);
  });

  it.each([
    '{"specversion":"1.0","id":"1","source":"/a","type":"t","subject":"x","data":{"kind":"ai_usage","credits":"1"},"__proto__":{}}',
    '{"specversion":"1.0","id":"1","source":"/a","type":"t","subject":"x","data":{"kind":"ai_usage","credits":"1","__proto__":{}}}',
  ])("is refused as a CloudEvent with a name that would be passed over", async (body) => {
    const reply = await ledger.post<Problem | UsageResults>("/v1/usage", new Raw(body), CLOUD_EVENT);
    expect(reply.status).toBe(400);
    expect(reply.text).toContain("__proto__");
  });

  it("is parsed as JSON.parse does, whatever its strings have", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, noUnicodeString: false }), fc.nat(2), (value, spaces) => {
        const text = JSON.stringify(value, null, spaces);
        fc.pre(!text.includes("__proto__"));
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
    for (const text of ['":"', '"\\\\"', '"\\":{["', '{"\\\\":"\\"","b":":"}'])
      expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each(["application/json; charset=utf-16", 'application/json;charset="latin1"'])(
    "is refused in another encoding than UTF-8: %s",
    async (contentType) => {
      const account = await ledger.account();
      const body = { kind: "bonus", credits: "1" };
      const reply = await ledger.post<Problem>(`/v1/accounts/${account}/grants`, body, { contentType });
      expect([reply.status, reply.body.code]).toEqual([415, "unsupported_media_type"]);
      const usage = await ledger.post<Problem>("/v1/usage", { events: [] }, { contentType });
      expect(usage.status).toBe(415);
    },
  );

  it.each(["application/json; charset=utf-8", 'application/json;charset="UTF-8"'])(
    "is taken in UTF-8: %s",
    async (contentType) => {
      const account = await ledger.account();
      const body = { kind: "bonus", credits: "1" };
      expect((await ledger.post(`/v1/accounts/${account}/grants`, body, { contentType })).status).toBe(201);
    },
  );
});

it.each(["1e1", "0x10", "+1", "01", "1.", " 1"])("a page is not %j", async (page) => {
  const account = await ledger.account();
  const reply = await ledger.get<Problem>(
    `/v1/accounts/${account}/activity?page=${encodeURIComponent(page)}`,
  );
  expect([reply.status, reply.body.errors?.[0]?.path]).toEqual([400, "page"]);
});

it.each(["/healthz", "/readyz", "/openapi.json", "/nowhere", "/v1/accounts/x"])(
  "%s keeps browsers from guessing types and from sending its address elsewhere",
  async (path) => {
    const { headers } = await ledger.local.fetch(new Request(`http://ledger.test${path}`));
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  },
);
