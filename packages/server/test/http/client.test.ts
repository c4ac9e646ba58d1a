import {
  type Amount,
  createLedgerClient,
  eachEntry,
  eachGrant,
  eachRowEntry,
  ForbiddenError,
  InsufficientCreditsError,
  InvalidRequestError,
  KeyConflictError,
  type Ledger,
  NotFoundError,
  RefusedError,
  UnauthorizedError,
  UnavailableError,
} from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, SECRET, type TestLedger } from "./ledger.js";

describe.each(ENGINES)("the client, with a ledger on %s", (engine) => {
  let ledger: TestLedger;
  let client: Ledger;
  const clientWith = (key: string) => {
    const fetch = (input: string | URL | Request, init?: RequestInit) =>
      ledger.local.fetch(new Request(input, init));
    return createLedgerClient({ baseUrl: "http://ledger.test", key, fetch, retries: 0 });
  };
  beforeAll(async () => {
    ledger = await openLedger({ engine });
    client = clientWith(SECRET);
  });
  afterAll(() => ledger.drop());

  it("runs all commands on an account whose id needs every kind of encoding", async () => {
    const account = "a/b c?d#e%2F😀";
    const created = await client.putAccount(account, {
      name: "Acme",
      timeZone: "Asia/Tokyo",
      metadata: { a: 1 },
    });
    expect(created).toEqual(await client.getAccount(account));
    const { entry: granted } = await client.grant(account, {
      kind: "bonus",
      title: "Welcome",
      credits: "100",
      source: { type: "campaign", label: "Spring" },
      expiresAt: null,
      metadata: { a: true },
    });
    expect(granted).toMatchObject({ seq: 1, title: "Welcome", source: { id: null, label: "Spring" } });
    const spent = await client.spend(account, { credits: "8", originalCredits: "10" }, { key: "spend-1" });
    expect(await client.spend(account, { credits: "8", originalCredits: "10" }, { key: "spend-1" })).toEqual({
      ...spent,
      repeated: true,
    });
    const { hold } = await client.hold(account, { credits: "5", expiresIn: 60, project: "p" });
    const settled = await client.settle(account, hold.id, { credits: "4" });
    expect(settled.entry).toMatchObject({ credits: "-4", project: { id: "p", label: "p" } });
    const second = await client.hold(account, { credits: "5" });
    expect((await client.release(account, second.hold.id)).hold.status).toBe("released");
    expect((await client.refund(account, { entry: spent.entry.seq })).entry.credits).toBe("8");
    expect((await client.adjust(account, { credits: "-1.5", description: "x" })).entry.balance).toBe("94.5");
    expect((await client.writeOff(account, { credits: "0.5", description: "x" })).entry.balance).toBe("94");
    const { results } = await client.usage([
      { id: "u1", account, kind: "runtime_usage", credits: "4", occurredAt: "2026-01-01T00:00:00Z" },
      { id: "u2", account: "nobody", kind: "ai_usage", credits: "4" },
    ]);
    expect(results).toMatchObject([
      { id: "u1", status: "posted", entry: { balance: "90" } },
      { id: "u2", status: "refused", error: { code: "account_not_found" } },
    ]);
  });

  it("reads all of it, in pages and lists, with the secret key and with a token", async () => {
    const account = "a/b c?d#e%2F😀";
    const reader = clientWith((await client.createToken(account, { expiresIn: 60 })).token);
    for (const who of [client, reader]) {
      const page = await who.activity(account, { perPage: 2 });
      expect(page).toMatchObject({ from: 1, to: 2, balance: "90", page: 1 });
      const next = await who.activity(account, { perPage: 2, page: 2, asOf: page.asOf, filter: "all" });
      expect(next.rows[0]?.balance).toBe(
        String(Number(page.rows[1]?.balance) - Number(page.rows[1]?.credits)),
      );
      const seqs: number[] = [];
      for await (const entry of eachEntry(who, account, { limit: 2, order: "asc" })) seqs.push(entry.seq);
      expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7]);
      const grants = [];
      for await (const grant of eachGrant(who, account, { limit: 1 })) grants.push(grant);
      expect(grants).toMatchObject([{ seq: 1, remaining: "90" }]);
      expect((await who.grants(account)).grants).toEqual(grants);
      const inRow = [];
      for await (const entry of eachRowEntry(who, account, 1)) inRow.push(entry);
      expect(inRow).toEqual((await who.activityEntries(account, 1)).entries);
      expect((await who.entries(account, { limit: 1 })).entries).toMatchObject([{ seq: 7 }]);
    }
    await expect(reader.spend(account, { credits: "1" })).rejects.toThrow(ForbiddenError);
    await expect(reader.getAccount("other")).rejects.toThrow(ForbiddenError);
  });

  it("throws the error of each refusal", async () => {
    await client.putAccount("poor");
    const spend = client.spend("poor", { credits: "1" });
    await expect(spend).rejects.toThrow(InsufficientCreditsError);
    await expect(spend).rejects.toMatchObject({ facts: { available: "0" }, code: "insufficient_credits" });
    await client.grant("poor", { kind: "purchase", credits: "1" }, { key: "k" });
    await expect(client.grant("poor", { kind: "purchase", credits: "2" }, { key: "k" })).rejects.toThrow(
      KeyConflictError,
    );
    await expect(client.getAccount("nobody")).rejects.toThrow(NotFoundError);
    await expect(client.refund("poor", { entry: 1 })).rejects.toThrow(RefusedError);
    await expect(client.spend("poor", { credits: "1e3" as Amount })).rejects.toThrow(InvalidRequestError);
    await expect(clientWith("wrong").getAccount("poor")).rejects.toThrow(UnauthorizedError);
  });
});

it("a closed ledger is unavailable for the client", async () => {
  for (const engine of ENGINES) {
    const ledger = await openLedger({ engine });
    const account = await ledger.account("1");
    await ledger.local.close();
    const fetch = (input: string | URL | Request, init?: RequestInit) =>
      ledger.local.fetch(new Request(input, init));
    const client = createLedgerClient({ baseUrl: "http://ledger.test", key: SECRET, fetch, retries: 0 });
    await expect(client.spend(account, { credits: "1" })).rejects.toThrow(UnavailableError);
    await expect(client.getAccount(account)).rejects.toThrow(UnavailableError);
    await ledger.drop();
  }
});
