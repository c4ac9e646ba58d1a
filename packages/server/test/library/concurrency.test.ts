import { describe, expect, it } from "vitest";
import type { LocalLedger } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { openLibrary } from "./ledger.js";

const SPENDERS = 64;

/** Counts the calls that succeeded, and collects the codes of the others. */
async function settle(calls: readonly Promise<unknown>[]) {
  const settled = await Promise.allSettled(calls);
  const codes = settled.flatMap((one) =>
    one.status === "rejected" ? [String((one.reason as { code?: string }).code ?? one.reason)] : [],
  );
  return { succeeded: settled.length - codes.length, codes: [...new Set(codes)] };
}

async function expectSpent(ledger: LocalLedger, account: string, entries: number) {
  expect(await ledger.getAccount(account)).toMatchObject({ balance: "0", available: "0" });
  const listed = await ledger.entries(account, { order: "asc", limit: 1000 });
  expect(listed.entries.map((entry) => entry.seq)).toEqual(
    Array.from({ length: entries }, (_, index) => index + 1),
  );
  expect(listed.entries.every((entry) => Number(entry.balance) >= 0)).toBe(true);
  expect((await ledger.verify()).violations).toEqual([]);
}

describe.each(ENGINES)("64 spenders at the same time, of which the account covers half, on %s", (engine) => {
  it("spend no more than there is in the process", async () => {
    const { ledger, drop } = await openLibrary(engine);
    for (const round of [1, 2, 3]) {
      const account = `account-${round}`;
      await ledger.putAccount(account);
      await ledger.grant(account, { kind: "purchase", credits: 32 });
      const calls = Array.from({ length: SPENDERS }, () => ledger.spend(account, { credits: 1 }));
      expect(await settle(calls)).toEqual({ succeeded: 32, codes: ["insufficient_credits"] });
      await expectSpent(ledger, account, 33);
    }
    await drop();
  });

  it("spend, hold and write off no more than there is over HTTP", async () => {
    const { ledger, drop } = await openLibrary(engine);
    await ledger.putAccount("a");
    await ledger.grant("a", { kind: "purchase", credits: 32 });
    const send = (path: string) =>
      ledger.fetch(
        new Request(`http://ledger.test/v1/accounts/a/${path}`, {
          method: "POST",
          headers: { authorization: "Bearer secret-of-the-tests", "content-type": "application/json" },
          body: JSON.stringify({ credits: "1", ...(path === "writeoffs" ? { description: "x" } : {}) }),
        }),
      );
    const paths = Array.from(
      { length: SPENDERS },
      (_, index) => ["spend", "holds", "writeoffs"][index % 3] as string,
    );
    const statuses = (await Promise.all(paths.map(send))).map((response) => response.status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(32);
    expect(statuses.filter((status) => status === 402)).toHaveLength(32);
    const account = await ledger.getAccount("a");
    expect(account).toMatchObject({ available: "0" });
    expect(account.balance).toBe(account.held);
    expect((await ledger.verify()).violations).toEqual([]);
    await drop();
  });
});

describe("two servers on one database", () => {
  it("never take an account below zero, and post each command once", async () => {
    const library = await openLibrary("postgres");
    const servers = [library.ledger, await library.reopen()] as const;
    await servers[0].putAccount("a");
    await servers[0].grant("a", { kind: "purchase", credits: 50 });
    const calls = Array.from({ length: 100 }, (_, index) =>
      (servers[index % 2] as LocalLedger).spend("a", { credits: 1 }, { key: `spend-${index}` }),
    );
    expect(await settle(calls)).toEqual({ succeeded: 50, codes: ["insufficient_credits"] });
    await expectSpent(servers[0], "a", 51);
    await library.drop();
  });

  it("post a command once that both get at the same time", async () => {
    const library = await openLibrary("postgres");
    const servers = [library.ledger, await library.reopen()] as const;
    await servers[0].putAccount("a");
    await servers[0].grant("a", { kind: "purchase", credits: 50 });
    const results = await Promise.all(
      Array.from({ length: 100 }, async (_, index) =>
        (servers[index % 2] as LocalLedger).spend("a", { credits: 1 }, { key: `spend-${index >> 1}` }),
      ),
    );
    expect(results.filter(({ repeated }) => repeated)).toHaveLength(50);
    results.forEach(({ entry }, index) => {
      expect(entry).toEqual(results[index ^ 1]?.entry);
    });
    await expectSpent(servers[0], "a", 51);
    await library.drop();
  });

  it("open an empty database at the same time", async () => {
    const library = await openLibrary("postgres");
    const opened = await Promise.all([library.reopen(), library.reopen(), library.reopen()]);
    for (const ledger of opened) expect((await ledger.verify()).accounts).toBe(0);
    await library.drop();
  });
});
