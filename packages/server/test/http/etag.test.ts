import type { ActivityPage } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, type TestLedger } from "./ledger.js";

describe.each(ENGINES)("a response that was read before, on %s", (engine) => {
  let ledger: TestLedger;
  let account: string;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
    account = await ledger.account("100");
    await ledger.post(`/v1/accounts/${account}/spend`, { credits: "1" });
  });
  afterAll(() => ledger.drop());

  const reads = () =>
    ["", "/activity", "/activity/2/entries", "/entries", "/grants"].map(
      (path) => `/v1/accounts/${account}${path}`,
    );
  const given = (ifNoneMatch: string) => ({ headers: { "if-none-match": ifNoneMatch } });
  const readEtag = async (path: string) => (await ledger.get(path)).headers.get("etag") as string;

  it("is 304 without a body and with the same headers, while nothing has changed", async () => {
    for (const path of reads()) {
      const first = await ledger.get(path);
      const etag = first.headers.get("etag") as string;
      expect(etag, path).toMatch(/^W\/"[\w-]{20,}"$/);
      const again = await ledger.get(path, given(etag));
      expect([again.status, again.text], path).toEqual([304, ""]);
      const { "content-type": type, ...kept } = Object.fromEntries(first.headers);
      expect(type).toBe("application/json");
      expect(Object.fromEntries(again.headers), path).toEqual(kept);
      expect(kept).toMatchObject({
        "cache-control": "private, no-cache",
        "access-control-expose-headers": "ETag",
      });
    }
  });

  it("is 200 with another ETag once something has changed", async () => {
    const before = await Promise.all(reads().map(async (path) => [path, await readEtag(path)] as const));
    await ledger.post(`/v1/accounts/${account}/spend`, { credits: "1" });
    for (const [path, etag] of before) {
      const reply = await ledger.get(path, given(etag));
      expect(reply.status, path).toBe(200);
      expect(reply.headers.get("etag"), path).not.toBe(etag);
      expect((await ledger.get(path, given(reply.headers.get("etag") as string))).status, path).toBe(304);
    }
  });

  it("is compared weakly, in lists, and with *", async () => {
    const path = `/v1/accounts/${account}/activity`;
    const etag = await readEtag(path);
    const strong = etag.slice(2);
    for (const same of [
      etag,
      strong,
      `"x", ${etag}`,
      `W/"x",${strong},"y"`,
      `"a, b" , ${etag}`,
      "*",
      " * ",
    ]) {
      expect((await ledger.get(path, given(same))).status, same).toBe(304);
    }
    const bare = strong.slice(1, -1);
    for (const other of [
      "",
      '"x"',
      'W/"x", "y"',
      bare,
      `W/${bare}`,
      `"${bare}`,
      `"${bare}x"`,
      '"*"',
      `'${bare}'`,
    ]) {
      expect((await ledger.get(path, given(other))).status, other).toBe(200);
    }
  });

  it("has another ETag for another page, filter or limit, and keeps it with asOf while rows arrive", async () => {
    const path = `/v1/accounts/${account}/activity`;
    const [all, added] = await Promise.all([readEtag(path), readEtag(`${path}?filter=added`)]);
    expect(all).not.toBe(added);
    const { asOf } = (await ledger.get<ActivityPage>(`${path}?filter=added`)).body;
    const pinned = `${path}?filter=added&asOf=${encodeURIComponent(asOf)}`;
    const etag = await readEtag(pinned);
    await ledger.post(`/v1/accounts/${account}/grants`, { kind: "purchase", credits: "1" });
    expect((await ledger.get(pinned, given(etag))).status).toBe(304);
    expect((await ledger.get(`${path}?filter=added`, given(etag))).status).toBe(200);
  });

  it("is never 304 for a credential that may not read it", async () => {
    const other = await ledger.account("100");
    const { token } = await ledger.local.createToken(other);
    for (const path of reads()) {
      const etag = await readEtag(path);
      for (const ifNoneMatch of [etag, "*"]) {
        for (const [authorization, status] of [
          [null, 401],
          ["Bearer wrong", 401],
          [`Bearer ${token}`, 403],
        ] as const) {
          const reply = await ledger.get(path, { authorization, ...given(ifNoneMatch) });
          expect(reply.status, `${path} ${authorization}`).toBe(status);
        }
      }
    }
  });

  it("has no ETag if it is a problem or responds to a command", async () => {
    for (const path of ["/v1/accounts/nobody", "/v1/accounts/nobody/activity", `${reads()[1]}?page=0`]) {
      const reply = await ledger.get(path, given("*"));
      expect(reply.status, path).toBeGreaterThanOrEqual(400);
      expect(reply.headers.get("etag"), path).toBeNull();
      expect(reply.headers.get("cache-control"), path).toBe("no-store");
    }
    const spent = await ledger.post(`/v1/accounts/${account}/spend`, { credits: "1" }, given("*"));
    expect([spent.status, spent.headers.get("etag")]).toEqual([201, null]);
    expect(spent.headers.get("cache-control")).toBe("no-store");
  });

  it("is documented for every route that reads, and for no other", () => {
    for (const [path, operations] of Object.entries(ledger.document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const headers = (operation.parameters ?? []).filter((one) => one.in === "header");
        const isPromised =
          "304" in operation.responses && headers.some((one) => one.name === "if-none-match");
        expect(isPromised, `${method} ${path}`).toBe(method === "get");
      }
    }
  });
});
