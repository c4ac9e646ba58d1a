import type { EntryList, HoldResult } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, type TestLedger } from "./ledger.js";
import { listRoutes } from "./openapi-schema.js";

/** Values that only a secret key may read. */
const COST = "7.654321";
const SECRET_VALUE = "only for secret keys";

describe.each(ENGINES)("cost and privateMetadata on %s", (engine) => {
  let ledger: TestLedger;
  let account: string;
  let authorization: string;
  let hold: string;

  beforeAll(async () => {
    ledger = await openLedger({ engine });
    account = await ledger.account();
    const at = `/v1/accounts/${account}`;
    const facts = { privateMetadata: { note: SECRET_VALUE } };
    const described = { description: "shown", metadata: { shown: "shown" }, ...facts };
    await ledger.post(`${at}/grants`, { kind: "purchase", credits: 100, ...described });
    await ledger.post(`${at}/spend`, { credits: 1, cost: COST, ...described });
    await ledger.post(`${at}/spend`, { credits: 2, cost: COST, ...described });
    await ledger.post(`${at}/adjustments`, { credits: 1, ...described });
    await ledger.post(`${at}/writeoffs`, { credits: 1, ...described });
    await ledger.post(`${at}/refunds`, { entry: 2, ...described });
    const { body } = await ledger.post<HoldResult>(`${at}/holds`, { credits: 1, ...described });
    await ledger.post(`${at}/holds/${body.hold.id}/settle`, { credits: 1, cost: COST, ...described });
    const event = { account, kind: "ai_usage", credits: 1, cost: COST, ...described };
    await ledger.post("/v1/usage", { events: [{ id: "1", ...event }] });
    const open = await ledger.post<HoldResult>(`${at}/holds`, { credits: 1, ...described });
    hold = open.body.hold.id;
    const { token } = await ledger.local.createToken(account);
    authorization = `Bearer ${token}`;
  });
  afterAll(() => ledger.drop());

  /** The paths of all routes that read an account, for the row of the two spends where there is a position. */
  const readPaths = () =>
    listRoutes(ledger.document)
      .filter(({ method, path }) => method === "GET" && path.includes("{account}"))
      .map(({ path }) => path.replace("{account}", account).replace("{position}", "2"))
      .map((path) => path.replace("{seq}", "2").replace("{hold}", hold))
      .map((path) => (path.endsWith("/totals") ? `${path}?by=source` : path));

  it("are absent for account tokens on every route that reads", async () => {
    const paths = readPaths();
    expect(paths).toHaveLength(10);
    for (const path of paths) {
      const { status, text } = await ledger.get(path, { authorization });
      expect(status, path).toBe(200);
      for (const hidden of ["cost", "privateMetadata", COST, SECRET_VALUE])
        expect(text, path).not.toContain(hidden);
    }
  });

  it("are present for secret keys", async () => {
    for (const path of ["entries", "activity/2/entries"]) {
      const { body } = await ledger.get<EntryList>(`/v1/accounts/${account}/${path}`);
      for (const entry of body.entries) {
        expect(entry.privateMetadata).toEqual({ note: SECRET_VALUE });
        expect(entry).toHaveProperty("cost");
      }
      const costs = body.entries.filter(({ cost }) => cost === COST);
      expect(costs).toHaveLength(path === "entries" ? 4 : 2);
    }
  });

  it("are null and empty for secret keys if they were not given", async () => {
    const bare = await ledger.account("1");
    const { body } = await ledger.get<EntryList>(`/v1/accounts/${bare}/entries`);
    expect(body.entries).toMatchObject([{ cost: null, metadata: {}, privateMetadata: {} }]);
  });

  it("do not let an account token revalidate the response to a secret key", async () => {
    const path = `/v1/accounts/${account}/entries`;
    const etag = (await ledger.get(path)).headers.get("etag") as string;
    const reply = await ledger.get(path, { authorization, headers: { "if-none-match": etag } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get("etag")).not.toBe(etag);
    expect(reply.text).not.toContain(SECRET_VALUE);
  });

  it("are the only difference between the two credentials", async () => {
    for (const path of readPaths()) {
      const [secret, reader] = [await ledger.get(path), await ledger.get(path, { authorization })];
      const withoutPrivate = JSON.parse(secret.text, function (this: unknown, name, value) {
        return name === "cost" || name === "privateMetadata" ? undefined : value;
      });
      expect(reader.body, path).toEqual(withoutPrivate);
    }
  });
});
