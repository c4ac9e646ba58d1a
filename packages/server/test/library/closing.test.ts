import { readFile } from "node:fs/promises";
import pg from "pg";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { query } from "../../../../tools/postgres.js";
import { createLedger } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { minutes, useLedger } from "./clocked.js";

/** The interval at which a ledger sweeps. */
const SWEEP_EVERY_MS = 5_000;

describe.each(ENGINES)("closed accounts on %s", (engine) => {
  const { ledger, warnings, setTime, restart, toUrl } = useLedger(engine, "each test");

  beforeEach(async () => {
    await ledger.putAccount("a", { name: "Ada Lovelace", metadata: { email: "ada@example.com" } });
    await ledger.grant("a", { kind: "bonus", title: "For Ada", credits: 100, expiresAt: minutes(60) });
  });

  const closed = { code: "account_closed", status: 409 };

  it("take no commands, and keep their history", async () => {
    const spent = await ledger.spend("a", { credits: 1 }, { key: "s" });
    const { hold } = await ledger.hold("a", { credits: 10 });
    const result = await ledger.closeAccount("a", { description: "Left" }, { key: "c" });
    expect(result.entry).toMatchObject({
      kind: "closure",
      title: "Account closed",
      credits: "0",
      balance: "99",
    });
    expect((await ledger.getAccount("a")).closedAt).toBe(result.entry.recordedAt);
    await restart();
    await expect(ledger.spend("a", { credits: 1 })).rejects.toMatchObject(closed);
    await expect(ledger.grant("a", { kind: "bonus", credits: 1 })).rejects.toMatchObject(closed);
    await expect(ledger.settle("a", hold.id, { credits: 1 })).rejects.toMatchObject(closed);
    await expect(ledger.extend("a", hold.id)).rejects.toMatchObject(closed);
    await expect(ledger.refund("a", { entry: spent.entry.seq })).rejects.toMatchObject(closed);
    await expect(ledger.closeAccount("a")).rejects.toMatchObject(closed);
    await expect(ledger.putAccount("a", { overdraftLimit: 5 })).rejects.toMatchObject(closed);
    const usage = await ledger.usage([{ id: "u", account: "a", kind: "ai_usage", credits: 1 }]);
    expect(usage.results).toMatchObject([{ status: "refused", error: { code: "account_closed" } }]);
    expect(await ledger.spend("a", { credits: 1 }, { key: "s" })).toEqual({ ...spent, repeated: true });
    expect(await ledger.closeAccount("a", { description: "Left" }, { key: "c" })).toEqual({
      ...result,
      repeated: true,
    });
    expect((await ledger.release("a", hold.id)).hold.status).toBe("released");
    expect((await ledger.activity("a")).total).toBe(3);
    setTime(minutes(60));
    expect(await ledger.sweep()).toBe(1);
    expect((await ledger.getAccount("a")).balance).toBe("0");
  });

  it("can be anonymized, and verify", async () => {
    const source = { type: "person", id: "p-1", label: "Grace from support" };
    const event = {
      account: "a",
      kind: "ai_usage",
      credits: 1,
      cost: 0.5,
      project: { id: "x", label: "Ada's project" },
    };
    const personal = {
      description: "Chat with Ada",
      member: { id: "ada", label: "Ada" },
      metadata: { ip: "::1" },
      privateMetadata: { note: "Ada" },
      source,
    };
    await ledger.usage([
      { id: "u1", ...event, ...personal },
      { id: "u2", ...event, ...personal, description: "Another chat with Ada" },
    ]);
    const { hold } = await ledger.hold("a", { credits: 5, ...personal });
    await ledger.release("a", hold.id);
    const open = await ledger.hold("a", { credits: 5, ...personal }, { key: "open" });
    await expect(ledger.anonymizeAccount("a")).rejects.toMatchObject({ code: "account_open", status: 409 });
    await ledger.closeAccount("a", { description: "Ada asked for it" });
    const before = await ledger.entries("a", { order: "asc" });
    const result = await ledger.anonymizeAccount("a", { key: "gdpr-1" });
    expect(result.entry).toMatchObject({ kind: "anonymization", title: "Account anonymized", credits: "0" });

    const texts = JSON.stringify([
      await ledger.getAccount("a"),
      await ledger.entries("a"),
      await ledger.activity("a", { perPage: 100 }),
      await ledger.grants("a"),
      await readTables(),
    ]);
    expect(texts).not.toMatch(/Ada|Grace|example\.com|::1|Chat|chat/);
    const after = await ledger.entries("a", { order: "asc" });
    const kept = ({ seq, kind, credits, balance, key, hash, occurredAt }: (typeof after.entries)[number]) => [
      seq,
      kind,
      credits,
      balance,
      key,
      hash,
      occurredAt,
    ];
    expect(after.entries.slice(0, -1).map(kept)).toEqual(before.entries.map(kept));
    const { violations, anonymized } = await ledger.verify({ account: "a" });
    expect(violations).toEqual([]);
    expect(anonymized).toBe(before.entries.length);

    expect(await ledger.anonymizeAccount("a", { key: "gdpr-1" })).toEqual({ ...result, repeated: true });
    expect(await ledger.hold("a", { credits: 5, ...personal }, { key: "open" })).toMatchObject({
      repeated: true,
      hold: { id: open.hold.id, description: null },
    });
    await restart();
    expect((await ledger.release("a", open.hold.id)).hold).toMatchObject({ description: null, member: null });
  });

  // The embedded database can't be written to from outside.
  if (engine === "postgres") {
    it("keep no text of a grant that expires while it is erased", async () => {
      const client = new pg.Client({ connectionString: toUrl() ?? "" });
      await client.connect();
      await ledger.closeAccount("a");
      await client.query("BEGIN; SELECT FROM credits.entries WHERE account = 'a' FOR UPDATE");
      const stopped = ledger.anonymizeAccount("a", { key: "gdpr-1" }).catch((error) => error);
      const toKinds = async () => (await ledger.entries("a")).entries.map(({ kind }) => kind);
      await expect.poll(toKinds, { timeout: 20_000 }).toContain("anonymization");
      await restart();
      setTime(minutes(60));
      await expect(ledger.sweep()).rejects.toThrow("1 closed accounts could not be anonymized: a.");
      await stopped;
      await client.query("COMMIT");
      await client.end();
      await ledger.anonymizeAccount("a", { key: "gdpr-1" });
      expect(await toKinds()).toEqual(["expiry", "anonymization", "closure", "bonus"]);
      const [entries, rows] = [await ledger.entries("a"), await ledger.activity("a")];
      expect(JSON.stringify([entries, rows, await readTables()])).not.toMatch(/Ada/);
    });

    it("are erased by a sweep when the call did not see it through, and one that is locked holds up no other", async () => {
      await ledger.putAccount("b");
      for (const account of ["a", "b"]) {
        await ledger.closeAccount(account);
        await ledger.anonymizeAccount(account);
      }
      const client = new pg.Client({ connectionString: toUrl() ?? "" });
      await client.connect();
      await client.query("UPDATE credits.accounts SET name = 'Ada'");
      await client.query("UPDATE credits.erasures SET erased_at = NULL");
      const isErased = async (account: string) => {
        await vi.advanceTimersByTimeAsync(SWEEP_EVERY_MS);
        return (await ledger.getAccount(account)).name === null;
      };
      expect(await ledger.verify()).toMatchObject({ erasing: 2, violations: [] });
      await client.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'a' FOR UPDATE");
      await expect.poll(() => isErased("b"), { timeout: 20_000 }).toBe(true);
      expect(await isErased("a")).toBe(false);
      const warning = "Free text could not be erased. It is tried again.";
      await expect.poll(() => warnings, { timeout: 20_000 }).toContain(warning);
      await client.query("COMMIT");
      await client.end();
      await expect.poll(() => isErased("a"), { timeout: 20_000 }).toBe(true);
      expect(await ledger.verify()).toMatchObject({ erasing: 0, violations: [] });
    });

    it("are erased by a server that has the documented rights", async () => {
      const operations = await readFile(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
      const grants = /```sql\n(GRANT USAGE[^`]+)```/.exec(operations)?.[1] ?? "";
      const url = new URL(toUrl() ?? "");
      const role = `app${url.pathname.slice(1).replaceAll(/\W/g, "")}`;
      await query(
        url.href,
        `CREATE ROLE ${role} LOGIN PASSWORD 'app'; ${grants.replaceAll(" app;", ` ${role};`)}`,
      );
      const own = new URL(url);
      own.username = role;
      own.password = "app";
      await ledger.spend("a", { credits: 1, description: "Ada", member: { id: "m", label: "Ada" } });
      const server = await createLedger({ database: { url: own.href } });
      await server.closeAccount("a");
      await server.anonymizeAccount("a");
      expect(await server.verify()).toMatchObject({ erasing: 0, violations: [] });
      await server.close();
      await query(url.href, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    });
  }

  /** Reads all that the database has of the account. */
  async function readTables() {
    const url = toUrl();
    if (url === null) return [];
    const tables = ["accounts", "entries", "grants", "holds", "activity_rows", "labels"];
    const rows = [];
    for (const table of tables)
      rows.push(await query(url, `SELECT t::text FROM credits.${table} t WHERE account = 'a'`));
    return rows;
  }
});
