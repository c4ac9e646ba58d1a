import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  credits as amount,
  createCredits,
  DatabaseUnavailableError,
  type Instant,
  InvalidInputError,
  parseInstant,
} from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { openLibrary } from "./ledger.js";

describe.each(ENGINES)("the life of a ledger on %s", (engine) => {
  it("ends after what is in flight, and takes no more then", async () => {
    const { credits, again, drop } = await openLibrary(engine);
    await credits.putAccount("a");
    await credits.grant("a", { kind: "purchase", credits: amount("100") });
    const spends = Array.from({ length: 50 }, () => credits.spend("a", { credits: amount("1") }));
    const events = Array.from({ length: 50 }, (_, index) => ({ id: `u${index}`, account: "a" }));
    const usage = credits.usage(
      events.map((event) => ({ ...event, kind: "ai_usage" as const, credits: amount("1") })),
    );
    // A method answers in a later turn; until then its command has not been taken.
    await Promise.resolve();
    await Promise.resolve();
    const closed = credits.close();
    expect((await Promise.all(spends)).every(({ entry }) => entry.credits === amount("-1"))).toBe(true);
    expect((await usage).every(({ status }) => status === "posted")).toBe(true);
    await closed;
    await credits.close();
    await expect(credits.spend("a", { credits: amount("1") })).rejects.toThrow(/closing/);
    await expect(credits.getAccount("a")).rejects.toThrow();
    if (engine === "postgres") {
      const reopened = await again();
      expect(await reopened.getAccount("a")).toMatchObject({ balance: 0n });
      expect((await reopened.entries("a", { limit: 1 })).items[0]?.seq).toBe(101);
    }
    await drop();
  });

  it("posts what has expired on an account that nobody touches", async () => {
    let now: Instant = parseInstant("2026-11-22T10:00:00Z");
    const { credits, drop } = await openLibrary(engine, () => now);
    await credits.putAccount("a");
    const expiresAt = parseInstant("2026-11-23T00:00:00Z");
    await credits.grant("a", { kind: "monthly_grant", credits: amount("10"), expiresAt });
    await credits.spend("a", { credits: amount("4") });
    await credits.hold("a", { credits: amount("1"), expiresIn: 60 });

    now = (expiresAt - 1) as Instant;
    expect(await credits.sweep()).toBe(1);
    expect(await credits.getAccount("a")).toMatchObject({ balance: amount("6"), held: 0n });
    now = (expiresAt + 5_000_000) as Instant;
    expect(await credits.getAccount("a")).toMatchObject({ balance: amount("6"), available: 0n });
    expect(await credits.sweep()).toBe(1);
    expect(await credits.sweep()).toBe(0);
    const [expiry] = (await credits.entries("a")).items;
    expect(expiry).toMatchObject({
      ...{ seq: 3, kind: "expiry", credits: amount("-6"), balance: 0n, key: null },
      ...{ occurredAt: expiresAt, recordedAt: now },
    });
    expect((await credits.activity("a")).rows[0]).toMatchObject({ kind: "expiry", credits: amount("-6") });
    expect((await credits.verify()).violations).toEqual([]);
    await drop();
  });
});

describe("a folder of the embedded database", () => {
  it("keeps what was committed, and belongs to one ledger at a time", async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), "credits-library-"));
    try {
      const first = await createCredits({ database: { dataDir } });
      await first.putAccount("a");
      await first.adjust("a", { credits: amount("1.000001"), description: "x" });
      const { token } = await first.createToken("a");
      await expect(createCredits({ database: { dataDir } })).rejects.toThrow(DatabaseUnavailableError);
      await first.close();
      const second = await createCredits({ database: { dataDir } });
      expect(await second.getAccount("a")).toMatchObject({ balance: amount("1.000001") });
      const headers = { authorization: `Bearer ${token}` };
      expect((await second.fetch(new Request("http://x/v1/accounts/a", { headers }))).status).toBe(200);
      await second.close();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it("is refused in a sentence when it can't be reached", async () => {
    const nowhere = createCredits({ database: { url: "postgres://nobody:hidden@127.0.0.1:1/none" } });
    const error = await nowhere.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatabaseUnavailableError);
    expect((error as Error).message).toMatch(
      /"none" at 127\.0\.0\.1:1 can't be used as "nobody": .*ECONNREFUSED/,
    );
    expect((error as Error).message).not.toContain("hidden");
    const unset = createCredits({ database: { url: undefined as unknown as string } });
    await expect(unset).rejects.toThrow(InvalidInputError);
  });
});
