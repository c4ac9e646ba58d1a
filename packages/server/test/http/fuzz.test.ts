import type { HoldResult } from "@credit-activity/client";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, Raw, type TestLedger } from "./ledger.js";
import { listRoutes } from "./openapi-schema.js";

const anything = fc.jsonValue({ maxDepth: 1 });
/** Generates mostly valid values of a field, and sometimes any value. */
const mostly = (good: fc.Arbitrary<unknown>, rest: fc.Arbitrary<unknown> = anything) =>
  fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: rest });

const EXTREMES = ["0", "-1", "0.000001", "9223372036854.775807", "-9223372036854.775807", "1e3", "1.0000001"];
const amount = mostly(fc.constantFrom("1", "2.5", "01.50"), fc.oneof(fc.constantFrom(...EXTREMES), anything));
const text = mostly(
  fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((one) => !one.includes("\0")),
);
const time = mostly(
  fc.constantFrom("2026-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "1900-01-01T00:00:00+23:59"),
);
const whole = mostly(fc.integer({ min: 1, max: 5 }), fc.oneof(fc.maxSafeInteger(), anything));
const source = mostly(fc.record({ type: text, id: text, label: text }, { requiredKeys: ["type", "label"] }));
const usage = mostly(fc.constantFrom("ai_usage", "build_usage"));
const metadata = mostly(
  fc.dictionary(fc.string({ maxLength: 5 }), fc.oneof(text, fc.double(), fc.boolean()), { maxKeys: 3 }),
);
const quantities = mostly(fc.dictionary(fc.string({ maxLength: 5 }), amount, { maxKeys: 3 }));
const dimension = mostly(fc.oneof(text, fc.record({ id: text, label: text })));
const described = { description: text, metadata, privateMetadata: metadata };
const measured = {
  ...{ credits: amount, originalCredits: amount, price: text, quantities },
  ...{ estimated: mostly(fc.boolean()), cost: amount },
};
const attributed = { source, project: dimension, member: dimension, task: dimension };

/** The fields of each route by the end of its path. Each is sent or not. */
const FIELDS: Readonly<Record<string, Record<string, fc.Arbitrary<unknown>>>> = {
  "{account}": { name: text, timeZone: mostly(fc.constant("UTC"), text), overdraftLimit: amount, metadata },
  tokens: { expiresIn: whole },
  grants: {
    ...{ kind: mostly(fc.constantFrom("purchase", "bonus")), credits: amount, title: text, source },
    ...{ effectiveAt: time, expiresAt: time, priority: whole, ...described },
    only: mostly(fc.array(usage, { minLength: 1, maxLength: 2 })),
  },
  spend: { kind: usage, atMost: mostly(fc.boolean()), ...measured, ...attributed, ...described },
  holds: { kind: usage, credits: amount, expiresIn: whole, ...attributed, ...described },
  settle: { ...measured, excess: mostly(fc.constantFrom("refuse", "cap", "debt")), ...described },
  release: {},
  extend: { expiresIn: whole },
  refunds: { entry: whole, credits: amount, source, ...described },
  adjustments: { credits: amount, source, ...described },
  writeoffs: { credits: amount, source, ...described },
  voids: { grant: whole, source, ...described },
  extensions: { grant: whole, expiresAt: time, source, ...described },
};

/** The routes after which the account takes nothing more, and that of usage, which has a separate test. */
const WITHOUT_FIELDS = ["close", "anonymize", "usage"];
const event = fc.record(
  {
    ...{ id: text, account: fc.constant("a"), kind: usage, occurredAt: time },
    ...{ ...measured, ...attributed, ...described },
  },
  { requiredKeys: ["id", "account", "kind", "credits"] },
);

const isEvent = (one: unknown): one is object => typeof one === "object" && one !== null && "account" in one;

/** The response to usage; without results where all was refused. */
interface UsageResults {
  readonly results?: readonly { readonly status: string }[];
}

describe.each(ENGINES)("random requests on %s", (engine) => {
  let ledger: TestLedger;
  let hold: string;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
    await ledger.call("PUT", "/v1/accounts/a", {});
    await ledger.post("/v1/accounts/a/grants", { kind: "purchase", credits: "1000" });
    await ledger.post("/v1/accounts/a/spend", { credits: "10" });
    hold = (await ledger.post<HoldResult>("/v1/accounts/a/holds", { credits: "1" })).body.hold.id;
  });
  afterAll(() => ledger.drop());

  /** `call` throws at a status of 500 or more, and at a response that is not as documented. */
  const paths = () =>
    listRoutes(ledger.document)
      .filter(({ method }) => method !== "GET")
      .map(
        ({ method, path }) => [method, path.replace("{account}", "a").replace("{hold}", hold), path] as const,
      );

  it("are accepted or refused, and never make the server fail", async () => {
    const statuses = new Set<number>();
    for (const [method, path, template] of paths()) {
      const name = template.split("/").at(-1) as string;
      if (WITHOUT_FIELDS.includes(name)) continue;
      const fields = FIELDS[name] as (typeof FIELDS)[string];
      const body = fc.record(fields, { requiredKeys: "credits" in fields ? ["credits"] : [] });
      await fc.assert(
        fc.asyncProperty(mostly(body, fc.jsonValue()), async (value) => {
          statuses.add((await ledger.call(method, path, value)).status);
        }),
        { numRuns: 60 },
      );
    }
    expect(statuses).toContain(400);
    expect(ledger.covered.size).toBeGreaterThan(4);
    expect((await ledger.local.verify()).violations).toEqual([]);
  });

  it("may be random usage events, or random bytes", async () => {
    const types = ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"];
    const events = fc.array(mostly(event), { maxLength: 5 });
    let runs = 0;
    let posted = 0;
    await fc.assert(
      fc.asyncProperty(events, fc.uint8Array(), async (given, bytes) => {
        // Each run has a separate account, because an extreme amount makes an account take no more.
        const account = `run ${++runs}`;
        await ledger.call("PUT", `/v1/accounts/${encodeURIComponent(account)}`, {});
        const sent = given.map((one) => (isEvent(one) ? { ...one, account } : one));
        const cloud = sent.map((data) => ({
          ...{ specversion: "1.0", id: "1", source: "s", type: "t", subject: account, data },
        }));
        for (const contentType of types) {
          for (const value of [
            { events: sent },
            sent,
            cloud,
            cloud[0] ?? null,
            new Raw(Uint8Array.from(bytes)),
          ]) {
            const { body } = await ledger.post<UsageResults>("/v1/usage", value, { contentType });
            posted += body?.results?.filter(({ status }) => status === "posted").length ?? 0;
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(posted).toBeGreaterThan(0);
    expect((await ledger.local.verify()).violations).toEqual([]);
  });

  it("may have random paths and queries", async () => {
    const word = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom("a", "1", "all", "0", "-1", "1e400"),
    );
    await fc.assert(
      fc.asyncProperty(word, word, word, async (first, second, third) => {
        const [id, value] = [encodeURIComponent(first), encodeURIComponent(second)];
        const query = `?filter=${value}&page=${value}&perPage=${value}&asOf=${value}`;
        const list = `?cursor=${value}&limit=${value}&order=${value}`;
        const more = encodeURIComponent(third);
        for (const path of [
          ...[
            `/v1/accounts/${id}`,
            `/v1/accounts/a/activity${query}`,
            `/v1/accounts/a/activity?asOf=${value}`,
          ],
          ...[`/v1/accounts/a/activity/${id}/entries${list}`, `/v1/accounts/a/entries?cursor=${value}`],
          ...[
            `/v1/accounts/a/grants?cursor=${value}`,
            `/v1/accounts/a/entries${list}`,
            `/v1/${id}/${value}/${more}`,
          ],
        ]) {
          await ledger.get(path);
        }
        await ledger.post(`/v1/accounts/a/holds/${id}/settle`, { credits: "1" });
        await ledger.post(`/v1/accounts/${id}/spend`, { credits: "1" });
      }),
      { numRuns: 100 },
    );
  });
});
