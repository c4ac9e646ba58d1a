import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToAddress } from "../../src/http/address.js";
import { openLedger, type TestLedger } from "./ledger.js";

/** Returns the address of a request. */
async function toAddress(
  trustedProxies: number,
  socket: string | null,
  forwarded?: string,
): Promise<string | null> {
  const app = new Hono();
  const find = createToAddress(trustedProxies);
  app.get("/", (c) => c.json(find(c)));
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  const context = socket === null ? undefined : { incoming: { socket: { remoteAddress: socket } } };
  return (await (await app.request("/", { headers }, context)).json()) as string | null;
}

describe("the address of a client", () => {
  it.each([
    [0, "192.0.2.1", undefined, "192.0.2.1"],
    [0, "192.0.2.1", "198.51.100.7", "192.0.2.1"],
    [0, "::ffff:192.0.2.1", undefined, "192.0.2.1"],
    [0, "2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2::/64"],
    [0, "2001:db8::9", undefined, "2001:db8:0:0::/64"],
    [0, "::1", undefined, "0:0:0:0::/64"],
    [0, "fe80::1%eth0", undefined, "fe80:0:0:0::/64"],
    [1, "10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"],
    [2, "10.0.0.1", "forged, 203.0.113.9, 198.51.100.7:4711", "203.0.113.9"],
    [1, "10.0.0.1", "[2001:db8::9]:4711", "2001:db8:0:0::/64"],
    [2, "10.0.0.1", "198.51.100.7", "10.0.0.1"],
    [1, "10.0.0.1", undefined, "10.0.0.1"],
    [1, "10.0.0.1", "unknown", "10.0.0.1"],
    [1, null, "198.51.100.7", "198.51.100.7"],
    [0, null, "198.51.100.7", null],
  ])("behind %i proxies, from %s with %s", async (proxies, socket, forwarded, address) => {
    expect(await toAddress(proxies, socket, forwarded)).toBe(address);
  });
});

describe("a flood of wrong secret keys", () => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger({ engine: "pglite", trustedProxies: 1 });
  });
  afterAll(() => ledger.drop());

  it("is refused with 429 by its address, while others and valid keys are served", async () => {
    const { key } = await ledger.local.createKey({ name: "unseen" });
    const send = (credential: string, address: string) =>
      ledger.get("/v1/accounts/none", {
        authorization: `Bearer ${credential}`,
        headers: { "x-forwarded-for": address },
      });
    const statuses = [];
    for (let sent = 0; sent < 60; sent += 1) statuses.push((await send(`wrong-${sent}`, "192.0.2.1")).status);
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    const refused = await send(`wrong-${statuses.indexOf(429)}-again`, "192.0.2.1");
    expect([refused.status, refused.body.code]).toEqual([429, "too_many_attempts"]);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await send(key, "192.0.2.2")).status).toBe(404);
    expect((await send(key, "192.0.2.1")).status).toBe(404);
    expect(
      (await ledger.get("/v1/accounts/none", { headers: { "x-forwarded-for": "192.0.2.1" } })).status,
    ).toBe(404);
  });
});
