import type { Problem, UsageResults } from "@credit-activity/client";
import fc from "fast-check";
import { Hono } from "hono";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createBodies, USAGE_BYTES_MAX } from "../../src/http/bodies.js";
import { createBudget, type Release } from "../../src/http/budget.js";
import { sliceJson } from "../../src/http/json.js";
import { openLedger, Raw, SECRET, type TestLedger } from "./ledger.js";

const KIB = 1024;

/** Spaces that end a slice. */
const SLICE = " ".repeat(257 * KIB);

describe("a body with a large array", () => {
  const parse = (json: string): unknown => {
    const { frame, count, parse: parseSlices } = sliceJson(json);
    const items = [...parseSlices()].flat();
    expect(items).toHaveLength(count);
    const whole = JSON.parse(frame);
    return Array.isArray(whole) ? items : { ...whole, ...(count > 0 ? { events: items } : {}) };
  };

  it("is parsed in slices as in one piece", () => {
    const items = fc.array(fc.jsonValue({ maxDepth: 4, noUnicodeString: false }), { maxLength: 6 });
    fc.assert(
      fc.property(items, fc.nat(1), (values, spaces) => {
        fc.pre(!JSON.stringify(values).includes("__proto__"));
        const json = `[${values.map((value) => `${JSON.stringify(value, null, spaces)}${SLICE}`).join(",")}]`;
        const whole: unknown = JSON.parse(json);
        expect(parse(json)).toEqual(whole);
        expect(parse(`{ "events" : ${json} }`)).toEqual({ events: whole });
      }),
      { numRuns: 20 },
    );
    for (const json of ["[]", "[ ]", '{"events":[]}', '{"a":{"b":[1]}}', "{}"])
      expect(parse(json)).toEqual(JSON.parse(json));
    expect([...sliceJson(`[1${SLICE},2${SLICE},3]`).parse()]).toEqual([[1], [2], [3]]);
  });

  it.each([
    "[1#,]",
    "[1#,,2]",
    "[,1]",
    "[#,1]",
    "[1#,2#",
    "[1#]]",
    '{"events":[1#,2}',
    '{"events":[1#,2]',
    "[1 2#,3]",
  ])("is refused as it would be in one piece: %s", (given) => {
    const json = given.replaceAll("#", SLICE);
    expect(() => JSON.parse(json)).toThrow();
    expect(() => parse(json)).toThrow();
  });
});

describe("a large body", () => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine: "pglite" });
    await ledger.call("PUT", "/v1/accounts/a", {});
  });
  afterAll(() => ledger.drop());

  const manyNames = (count: number) =>
    `{${Array.from({ length: count }, (_, index) => `"${index}":[]`).join(",")}}`;

  it("has at most a hundred faults in its response", async () => {
    const names = manyNames(90_000).slice(1, -1);
    for (const [path, body] of [
      ["/v1/accounts/a/grants", `{"kind":"bonus","credits":"1","metadata":${manyNames(90_000)}}`],
      ["/v1/accounts/a/grants", `{"kind":"bonus","credits":"1",${names}}`],
      ["/v1/accounts/a/grants", `{"kind":"bonus","credits":"1","${"k".repeat(1_000_000)}":1}`],
      ["/v1/accounts/a/spend", `{"credits":"1","quantities":${manyNames(90_000)}}`],
    ] as const) {
      const reply = await ledger.post<Problem>(path, new Raw(body));
      expect(reply.status).toBe(400);
      expect(reply.body.errors?.length).toBeLessThanOrEqual(100);
      expect(reply.text.length).toBeLessThan(20_000);
    }
    const unknown = await ledger.post<Problem>("/v1/accounts/a/spend", new Raw(`{${names}}`));
    expect(unknown.body.detail).toMatch(/ There are at least 97 more faults\.$/);
    const metadata = `{"kind":"bonus","credits":"1","metadata":${manyNames(51)}}`;
    const reply = await ledger.post<Problem>("/v1/accounts/a/grants", new Raw(metadata));
    expect(reply.body.errors).toEqual([
      { path: "metadata", message: "has more than 50 values. Leave some out" },
    ]);
  });

  it("leaves room for health checks while it is checked", async () => {
    // Each slice has faults, which take longest.
    const event = `{"id":"x","account":"a","kind":"ai_usage","credits":"x","metadata":${manyNames(50)}}`;
    const body = `{"events":[${Array.from({ length: 3_000 }, () => event).join(",")}]}`;
    let isDone = false;
    const posting = ledger.post<UsageResults>("/v1/usage", new Raw(body)).finally(() => {
      isDone = true;
    });
    let checks = 0;
    while (!isDone) {
      const health = await ledger.local.fetch(new Request("http://ledger.test/healthz"));
      expect(health.status).toBe(200);
      checks += 1;
      await new Promise(setImmediate);
    }
    const reply = await posting;
    expect(reply.body.results).toHaveLength(3_000);
    expect(reply.body.results.every(({ status }) => status === "refused")).toBe(true);
    expect(checks).toBeGreaterThan(Math.floor(body.length / (300 * KIB)));
  });

  it("is refused with an event that is too long to be valid", async () => {
    const event = `{"id":"x","account":"a","kind":"ai_usage","credits":"1","description":"${"d".repeat(1_100_000)}"}`;
    const reply = await ledger.post<Problem>("/v1/usage", new Raw(`{"events":[${event}]}`));
    expect([reply.status, reply.body.detail]).toEqual([
      400,
      expect.stringMatching(/has an item of more than/),
    ]);
  });

  it("is refused with too many events before they are parsed", async () => {
    const reply = await ledger.post<Problem>("/v1/usage", new Raw(`{"events":[${"[],".repeat(500_000)}[]]}`));
    expect(reply.body.detail).toMatch(/^events has more than 10,000 events\./);
  });

  it("waits in its connection while two others are read", async () => {
    /** A body that comes in parts, as the server asks for them. */
    function stream() {
      let [pulls, isFinished] = [0, false];
      let wake = () => {};
      const part = new Uint8Array(100 * KIB).fill(0x20);
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            pulls += 1;
            if (pulls === 5 && !isFinished)
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
            if (isFinished) controller.close();
            else controller.enqueue(part);
          },
        },
        { highWaterMark: 0 },
      );
      const finish = () => {
        isFinished = true;
        wake();
      };
      return { body, finish, pulls: () => pulls };
    }
    const streams = [stream(), stream(), stream()] as const;
    const headers = {
      authorization: `Bearer ${SECRET}`,
      "content-type": "application/json",
      "content-length": String(USAGE_BYTES_MAX),
    };
    const replies = streams.map(({ body }) =>
      ledger.local.fetch(
        new Request("http://ledger.test/v1/usage", {
          method: "POST",
          headers,
          body,
          duplex: "half",
        } as RequestInit),
      ),
    );
    await vi.waitFor(() => expect(streams.map(({ pulls }) => pulls())).toEqual([5, 5, 0]));
    streams[0].finish();
    expect((await replies[0])?.status).toBe(400);
    await vi.waitFor(() => expect(streams[2].pulls()).toBe(5));
    for (const { finish } of streams) finish();
    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([400, 400, 400]);
  });
});

describe("a budget", () => {
  afterEach(() => vi.useRealTimers());

  it("goes to those that wait in their order, and never twice", async () => {
    const budget = createBudget(10);
    const order: string[] = [];
    const take = (name: string, bytes: number) =>
      budget.take(bytes).then((release) => {
        order.push(name);
        return release;
      });
    const first = await take("first", 6);
    const second = take("second", 20);
    const third = take("third", 1);
    first();
    first();
    (await second)();
    (await third)();
    expect(order).toEqual(["first", "second", "third"]);
    (await take("all", 10))();
  });

  it("is not waited for longer than 30 seconds", async () => {
    vi.useFakeTimers();
    const budget = createBudget(10);
    const release = await budget.take(10);
    const late = budget.take(1);
    const refused = expect(late).rejects.toThrow(/busy with large requests and did nothing/);
    await vi.advanceTimersByTimeAsync(30_000);
    await refused;
    release();
    (await budget.take(10))();
  });

  it("is waited for apart from the time in which a body has to arrive", async () => {
    vi.useFakeTimers();
    const bodies = createBodies();
    const releases: Release[] = [];
    const app = new Hono();
    app.post("/", async (c) => {
      const { release } = await bodies.read(c, USAGE_BYTES_MAX);
      releases.push(release);
      return c.text("read");
    });
    const send = (body: string | ReadableStream, headers = {}) =>
      app.request("/", { method: "POST", headers, body, duplex: "half" } as RequestInit);
    for (let count = 0; count < 2; count++) await send("x", { "content-length": String(USAGE_BYTES_MAX) });
    let arrive: ReadableStreamDefaultController<Uint8Array> | undefined;
    const waiting = send(
      new ReadableStream({
        start(controller) {
          arrive = controller;
        },
      }),
    );
    await vi.advanceTimersByTimeAsync(20_000);
    arrive?.enqueue(new Uint8Array(100 * KIB));
    await vi.advanceTimersByTimeAsync(15_000);
    releases[0]?.();
    await vi.advanceTimersByTimeAsync(20_000);
    arrive?.close();
    expect(await (await waiting).text()).toBe("read");
  });

  it("is given back by a body that does not arrive in time", async () => {
    vi.useFakeTimers();
    const bodies = createBodies();
    const app = new Hono();
    app.post("/", async (c) => c.text(await bodies.read(c, USAGE_BYTES_MAX).then(() => "read", String)));
    const headers = { "content-length": String(USAGE_BYTES_MAX) };
    const send = (body: string | ReadableStream) =>
      app.request("/", { method: "POST", headers, body, duplex: "half" } as RequestInit);
    const stuck = [0, 1].map(() => send(new ReadableStream()));
    await vi.advanceTimersByTimeAsync(29_000);
    const waiting = send("x".repeat(100));
    await vi.advanceTimersByTimeAsync(1_000);
    for (const reply of stuck)
      expect(await (await reply).text()).toMatch(
        /did not arrive within 30 seconds, and nothing of it was done/,
      );
    expect(await (await waiting).text()).toBe("read");
  });
});
