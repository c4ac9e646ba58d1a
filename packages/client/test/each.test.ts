import { expect, test } from "vitest";
import {
  createLedgerClient,
  eachAccount,
  eachEntry,
  eachGrant,
  eachHold,
  eachRowEntry,
} from "../src/index.js";
import { json, serve } from "./server.js";

test("eachEntry follows cursors to the end, and stops early if the loop does", async () => {
  const { baseUrl, received } = await serve((one, response) => {
    const cursor = Number(new URL(one.url, "http://x").searchParams.get("cursor") ?? "0");
    const entries = [{ seq: cursor + 1 }, { seq: cursor + 2 }];
    json(response, 200, { entries, nextCursor: cursor < 4 ? String(cursor + 2) : null });
  });
  const ledger = createLedgerClient({ baseUrl, key: "t" });
  const seen: number[] = [];
  for await (const entry of eachEntry(ledger, "acme", { order: "asc", limit: 2 })) seen.push(entry.seq);
  expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  expect(received.map((r) => r.url.split("?")[1])).toEqual([
    "order=asc&limit=2",
    "order=asc&limit=2&cursor=2",
    "order=asc&limit=2&cursor=4",
  ]);
  for await (const _ of eachRowEntry(ledger, "acme", 3)) break;
  expect(received.slice(3).map((r) => r.url)).toEqual(["/v1/accounts/acme/activity/3/entries"]);
});

test("a list starts at the given cursor", async () => {
  const { baseUrl, received } = await serve((_, response) =>
    json(response, 200, { grants: [{ seq: 1 }], nextCursor: null }),
  );
  const ledger = createLedgerClient({ baseUrl, key: "t" });
  for await (const grant of eachGrant(ledger, "acme", { cursor: "c" })) expect(grant.seq).toBe(1);
  expect(received.map((r) => r.url)).toEqual(["/v1/accounts/acme/grants?cursor=c"]);
});

test("a query sends times as RFC 3339, and refuses what is not a time before it is sent", async () => {
  const { baseUrl, received } = await serve((_, response) =>
    json(response, 200, { entries: [], accounts: [], holds: [], nextCursor: null }),
  );
  const ledger = createLedgerClient({ baseUrl, key: "t" });
  const from = new Date("2026-11-22T10:05:00.250Z");
  await ledger.entries("acme", { from, to: "2026-11-23T00:00:00+01:00", kind: null as never });
  for await (const _ of eachAccount(ledger, { prefix: "a&b" }));
  for await (const _ of eachHold(ledger, "acme", { status: "open" }));
  expect(received.map((r) => r.url)).toEqual([
    "/v1/accounts/acme/entries?from=2026-11-22T10%3A05%3A00.250Z&to=2026-11-23T00%3A00%3A00%2B01%3A00",
    "/v1/accounts?prefix=a%26b",
    "/v1/accounts/acme/holds?status=open",
  ]);
  const invalid = ledger.balance("acme", { at: new Date(Number.NaN) });
  await expect(invalid).rejects.toMatchObject({ code: "bad_request", errors: [{ path: "at" }] });
  expect(received).toHaveLength(3);
});

test("a cursor that leads to itself is an error", async () => {
  const { baseUrl } = await serve((_, response) =>
    json(response, 200, { grants: [{ seq: 1 }], nextCursor: "same" }),
  );
  const ledger = createLedgerClient({ baseUrl, key: "t" });
  const reading = (async () => {
    for await (const _ of eachGrant(ledger, "acme"));
  })();
  await expect(reading).rejects.toMatchObject({ code: "unexpected_response" });
});
