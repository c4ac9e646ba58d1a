import { describe, expect, it } from "vitest";
import { credits as amount, type Credits, formatCredits } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { openLibrary } from "./ledger.js";

const SPENDERS = 64;

/** What became of a number of calls: how many succeeded, and the codes of the others. */
async function outcomes(calls: readonly Promise<unknown>[]) {
  const settled = await Promise.allSettled(calls);
  const codes = settled.flatMap((one) =>
    one.status === "rejected" ? [String((one.reason as { code?: string }).code ?? one.reason)] : [],
  );
  return { succeeded: settled.length - codes.length, codes: [...new Set(codes)] };
}

async function expectSpent(credits: Credits, account: string, entries: number) {
  expect(await credits.getAccount(account)).toMatchObject({ balance: 0n, available: 0n });
  const { items } = await credits.entries(account, { order: "asc", limit: 1000 });
  expect(items.map((entry) => entry.seq)).toEqual(Array.from({ length: entries }, (_, index) => index + 1));
  expect(items.every((entry) => entry.balance >= 0n)).toBe(true);
  expect((await credits.verify()).violations).toEqual([]);
}

describe.each(ENGINES)("64 spenders at once on an account that covers half of them, on %s", (engine) => {
  it("through the library", async () => {
    const { credits, drop } = await openLibrary(engine);
    for (const round of [1, 2, 3]) {
      const account = `account-${round}`;
      await credits.putAccount(account);
      await credits.grant(account, { kind: "purchase", credits: amount("32") });
      const calls = Array.from({ length: SPENDERS }, () => credits.spend(account, { credits: amount("1") }));
      expect(await outcomes(calls)).toEqual({ succeeded: 32, codes: ["insufficient_credits"] });
      await expectSpent(credits, account, 33);
    }
    await drop();
  });

  it("over HTTP, where some hold and some write off", async () => {
    const { credits, drop } = await openLibrary(engine);
    await credits.putAccount("a");
    await credits.grant("a", { kind: "purchase", credits: amount("32") });
    const send = (path: string) =>
      credits.fetch(
        new Request(`http://ledger.test/v1/accounts/a/${path}`, {
          method: "POST",
          headers: { authorization: "Bearer secret", "content-type": "application/json" },
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
    const account = await credits.getAccount("a");
    expect(account).toMatchObject({ available: 0n });
    expect(formatCredits((account?.balance ?? 0n) - (account?.held ?? 0n))).toBe("0");
    expect((await credits.verify()).violations).toEqual([]);
    await drop();
  });
});

describe("two servers on one database", () => {
  it("never take an account below zero, and answer every command once", async () => {
    const ledger = await openLibrary("postgres");
    const servers = [ledger.credits, await ledger.again()] as const;
    await servers[0].putAccount("a");
    await servers[0].grant("a", { kind: "purchase", credits: amount("50") });
    const calls = Array.from({ length: 100 }, (_, index) =>
      (servers[index % 2] as Credits).spend("a", { credits: amount("1") }, { key: `spend-${index}` }),
    );
    expect(await outcomes(calls)).toEqual({ succeeded: 50, codes: ["insufficient_credits"] });
    await expectSpent(servers[0], "a", 51);
    await ledger.drop();
  });

  it("give a command that both are sent at once one answer", async () => {
    const ledger = await openLibrary("postgres");
    const servers = [ledger.credits, await ledger.again()] as const;
    await servers[0].putAccount("a");
    await servers[0].grant("a", { kind: "purchase", credits: amount("50") });
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) =>
        (servers[index % 2] as Credits).spend("a", { credits: amount("1") }, { key: `spend-${index >> 1}` }),
      ),
    );
    expect(answers.filter(({ repeated }) => repeated)).toHaveLength(50);
    answers.forEach(({ entry }, index) => {
      expect(entry).toEqual(answers[index ^ 1]?.entry);
    });
    await expectSpent(servers[0], "a", 51);
    await ledger.drop();
  });

  it("open an empty database at the same time", async () => {
    const ledger = await openLibrary("postgres");
    const opened = await Promise.all([ledger.again(), ledger.again(), ledger.again()]);
    for (const credits of opened) expect((await credits.verify()).accounts).toBe(0);
    await ledger.drop();
  });
});
