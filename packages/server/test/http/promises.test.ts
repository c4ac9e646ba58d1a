import type { HoldResult } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLedger, type TestLedger } from "./ledger.js";
import { listRoutes, resolve, type Schema } from "./openapi-schema.js";

/** The keywords of a schema that bound values. */
interface Bounds extends Schema {
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly maximum?: number;
  readonly maxProperties?: number;
  readonly maxItems?: number;
  readonly examples?: readonly unknown[];
  readonly propertyNames?: Bounds;
}

/** Values that a schema allows, and values that it does not. */
interface Samples {
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

/** Fields whose description states the values, with all that is known to be allowed. */
const DESCRIBED: Readonly<Record<string, readonly unknown[]>> = {
  timeZone: ["UTC", "Europe/Berlin"],
  specversion: ["1.0"],
  datacontenttype: ["application/json", "Application/vnd.x+JSON; charset=utf-8"],
  // Its length counts together with the id's.
  id: ["1"],
  cursor: [],
  asOf: [],
};

let ledger: TestLedger;
let hold: string;
beforeAll(async () => {
  ledger = await openLedger({ engine: "pglite" });
  await ledger.call("PUT", "/v1/accounts/a", {});
  await ledger.post("/v1/accounts/a/grants", { kind: "purchase", credits: "1000" });
  hold = (await ledger.post<HoldResult>("/v1/accounts/a/holds", { credits: "1" })).body.hold.id;
});
afterAll(() => ledger.drop());

function toSamples(given: Bounds, name = ""): Samples {
  const schema = (given.$ref === undefined ? given : resolve(ledger.document, given.$ref)) as Bounds;
  if (schema.anyOf !== undefined) return toSamplesOfAny(schema.anyOf as Bounds[], name);
  const bad: unknown[] = [];
  const types = [schema.type ?? []].flat();
  if (name in DESCRIBED) return { good: DESCRIBED[name] as unknown[], bad: [[]] };
  if (name === "kind") return { good: schema.examples ?? [], bad: ["x".repeat(65), ""] };
  if (schema.enum !== undefined) return { good: schema.enum, bad: ["x"] };
  if (schema.format === "date-time")
    return { good: schema.examples ?? [], bad: ["x", "1899-12-31T23:59:59Z", 1] };
  const good: unknown[] = [];
  if (types.includes("null")) good.push(null);
  if (types.includes("boolean")) good.push(true, false);
  if (types.includes("integer")) {
    good.push(schema.minimum ?? 1, schema.maximum ?? Number.MAX_SAFE_INTEGER);
    bad.push((schema.minimum ?? 1) - 1, (schema.maximum ?? Number.MAX_SAFE_INTEGER) + 1, 1.5);
  }
  if (types.includes("number") && !types.includes("string")) {
    good.push(0.5, schema.minimum, schema.maximum);
    bad.push((schema.maximum as number) + 1, (schema.minimum as number) - 1);
  }
  if (types.includes("string")) {
    const [shortest, longest] = [schema.minLength ?? 0, schema.maxLength ?? Number.NaN];
    if (schema.examples !== undefined && types.includes("number")) {
      good.push(...schema.examples, "0.000001", 12.5);
      bad.push("1.0000001", "x", "", " 1");
    } else {
      expect(longest, `the greatest length of ${name}`).toBeGreaterThan(0);
      good.push("x".repeat(longest), "x".repeat(shortest), "é\u{1F600}".slice(0, Math.max(shortest, 3)));
      bad.push("x".repeat(longest + 1), "a\0b", "\ud83d", "\ufeffa");
      if (shortest > 0) bad.push("x".repeat(shortest - 1));
    }
  }
  for (const value of [...good, ...bad])
    if (
      schema.pattern !== undefined &&
      typeof value === "string" &&
      value.length <= (schema.maxLength ?? 1e9)
    )
      if (value.length >= (schema.minLength ?? 0))
        expect(new RegExp(schema.pattern, "u").test(value), `${name} ${JSON.stringify(value)}`).toBe(
          good.includes(value),
        );
  return types.includes("object") ? toSamplesOfObject(schema) : { good, bad };
}

function toSamplesOfAny(schemas: readonly Bounds[], name: string): Samples {
  const parts = schemas.map((part) => toSamples(part, name));
  const good = parts.flatMap((part) => part.good);
  // A value that one part refuses may be one that another allows.
  const isOnlyNullable = schemas.filter(({ type }) => type !== "null").length === 1;
  return { good, bad: isOnlyNullable ? parts.flatMap((part) => part.bad) : [[]] };
}

function toSamplesOfObject(schema: Bounds): Samples {
  if (schema.properties !== undefined) {
    const base = toBase(schema);
    const fields = Object.entries(schema.properties).map(([name, part]) => ({
      name,
      ...toSamples(part, name),
    }));
    const wrap = (which: "good" | "bad") =>
      fields.flatMap((field) => field[which].map((value) => ({ ...base, [field.name]: value })));
    return { good: [base, ...wrap("good")], bad: [...wrap("bad"), { ...base, unknown: 1 }] };
  }
  const values = toSamples(schema.additionalProperties as Bounds);
  const names = toSamples(schema.propertyNames as Bounds);
  const most = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, values.good[0]]));
  const one = (name: unknown, value: unknown) => ({ [name as string]: value });
  return {
    good: [
      {},
      most(schema.maxProperties as number),
      ...names.good.map((name) => one(name, values.good[0])),
      ...values.good.map((value) => one("n", value)),
    ],
    bad: [
      most((schema.maxProperties as number) + 1),
      ...names.bad.map((name) => one(name, values.good[0])),
      ...values.bad.map((value) => one("n", value)),
    ],
  };
}

/** Returns an object with the required fields of a schema alone. */
function toBase(schema: Bounds): Record<string, unknown> {
  const required = (schema.required ?? []).map((name) => {
    const [first] = toSamples(schema.properties?.[name] as Bounds, name).good;
    return [name, name === "account" || name === "subject" ? "a" : first];
  });
  return Object.fromEntries(required);
}

/** A rule between fields, as the document states it. */
interface Rule {
  readonly type?: string;
  readonly const?: unknown;
  readonly not?: Rule;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Rule>>;
}

/** True if a value is one of those that a rule describes. */
function fits(rule: Rule, value: unknown): boolean {
  if (rule.not !== undefined && fits(rule.not, value)) return false;
  if ("const" in rule && value !== rule.const) return false;
  if (rule.type !== undefined && rule.type !== (value === null ? "null" : typeof value)) return false;
  const given = value as Readonly<Record<string, unknown>>;
  return (
    (rule.required ?? []).every((name) => Object.hasOwn(given, name)) &&
    Object.entries(rule.properties ?? {}).every(
      ([name, part]) => !Object.hasOwn(given, name) || fits(part, given[name]),
    )
  );
}

/** True if a body breaks the rule between fields of its schema. */
function breaksRule(schema: Schema, body: unknown): boolean {
  const { not } = schema as Rule;
  return not !== undefined && fits(not, body);
}

const toBody = (reply: { status: number; text: string }, sent: unknown) =>
  `${JSON.stringify(sent)?.slice(0, 300)} has ${reply.status} ${reply.text.slice(0, 300)}`;

/** Returns a query with values, and with a value for each other parameter that is required. */
function toQuery(
  operation: { readonly parameters?: unknown },
  values: Readonly<Record<string, string>>,
): string {
  const parameters = (operation.parameters ?? []) as {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: { readonly enum?: readonly string[] };
  }[];
  const all: Record<string, string> = {};
  for (const { name, in: place, required, schema } of parameters)
    if (place === "query" && required === true) all[name] = schema.enum?.[0] ?? "";
  const pairs = Object.entries({ ...all, ...values }).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

describe("what the OpenAPI document promises", () => {
  it("is what bodies may have, and no more", async () => {
    let count = 0;
    for (const { method, path, operation } of listRoutes(ledger.document)) {
      const media = operation.requestBody?.content["application/json"];
      if (media === undefined || path === "/v1/usage") continue;
      const schema = resolve(ledger.document, media.schema.$ref as string) as Bounds;
      if (Object.keys(schema.properties ?? {}).length === 0) continue;
      const url = path.replace("{account}", "a").replace("{hold}", hold);
      const { good, bad } = toSamples(schema);
      for (const body of good) {
        const reply = await ledger.call(method, url, body);
        const isRefused = breaksRule(schema, body);
        expect(reply.status === 400, `${path} ${toBody(reply, body)}`).toBe(isRefused);
        count += 1;
      }
      for (const body of bad) {
        const reply = await ledger.call(method, url, body);
        expect(reply.status, `${path} ${toBody(reply, body)}`).toBe(400);
      }
    }
    expect(count).toBeGreaterThan(200);
  }, 120_000);

  it("includes the rules between fields", async () => {
    const title = { kind: "purchase", credits: "1", title: "T" };
    const both = { credits: "1", originalCredits: "2" };
    for (const [path, name, body] of [
      ["grants", "GrantInput", title],
      ["spend", "SpendInput", { ...both, atMost: true }],
      [`holds/${hold}/settle`, "SettleInput", { ...both, excess: "cap" }],
    ] as const) {
      expect((await ledger.post(`/v1/accounts/a/${path}`, body)).status).toBe(400);
      expect(breaksRule(resolve(ledger.document, `#/components/schemas/${name}`), body), name).toBe(true);
    }
  });

  it("is what events may have, and no more", async () => {
    const { good, bad } = toSamples(resolve(ledger.document, "#/components/schemas/UsageEvent") as Bounds);
    const { body } = await ledger.post<{ results: { error?: { code: string; detail: string } }[] }>(
      "/v1/usage",
      {
        events: [...good, ...bad],
      },
    );
    const faults = body.results.map(({ error }) => (error?.code === "bad_request" ? error.detail : null));
    good.forEach((event, index) => {
      expect(faults[index], JSON.stringify(event).slice(0, 300)).toBeNull();
    });
    bad.forEach((event, index) => {
      expect(faults[good.length + index], JSON.stringify(event).slice(0, 300)).not.toBeNull();
    });
  });

  it("is what parameters may be, and no more", async () => {
    for (const { method, path, operation } of listRoutes(ledger.document)) {
      for (const { name, in: place, schema } of (operation.parameters ?? []) as {
        name: string;
        in: string;
        schema: Bounds;
      }[]) {
        if (place === "header") continue;
        const { good, bad } = toSamples(schema, name);
        for (const [values, isRefused] of [
          [good, false],
          [bad, true],
        ] as const) {
          for (const value of values) {
            // URLs have no half of a surrogate pair, and an empty name is another path.
            const text = String(value);
            if (!text.isWellFormed() || (place === "path" && text === "") || Array.isArray(value)) continue;
            const encoded = encodeURIComponent(text);
            const names: Record<string, string> = {
              account: "a",
              hold,
              position: "1",
              seq: "1",
              ...(place === "path" ? { [name]: encoded } : {}),
            };
            const url = path.replaceAll(/\{(.+?)\}/g, (_, one: string) => names[one] as string);
            const query = toQuery(operation, place === "query" ? { [name]: encoded } : {});
            const sent = method === "GET" ? undefined : toBase(toBodySchema(operation.requestBody));
            const reply = await ledger.call(method, `${url}${query}`, sent);
            const shown = `${method} ${path} with ${name} ${toBody(reply, value)}`;
            expect(reply.status === 400, shown).toBe(isRefused);
          }
        }
      }
    }
  }, 120_000);

  it("is what the path of an account can be", async () => {
    for (const id of [".", ".."]) {
      const reply = await ledger.call("PUT", `/v1/accounts/${id}`, {});
      expect(reply.status).toBe(404);
      for (const { operation } of listRoutes(ledger.document)) {
        const account = (operation.parameters ?? []).find(({ name }) => name === "account") as
          | { schema: Bounds }
          | undefined;
        if (account !== undefined)
          expect(new RegExp(account.schema.pattern as string, "u").test(id)).toBe(false);
      }
    }
  });
});

function toBodySchema(body: { content: Readonly<Record<string, { schema: Schema }>> } | undefined): Bounds {
  const schema = body?.content["application/json"]?.schema;
  return schema?.$ref === undefined ? {} : (resolve(ledger.document, schema.$ref) as Bounds);
}
