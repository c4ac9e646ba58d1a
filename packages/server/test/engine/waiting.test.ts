import { expect, it, vi } from "vitest";
import { addSeconds, type Instant } from "../../src/core/instant.js";
import { createEngine } from "../../src/engine/engine.js";
import { toGrant, toTouch, toUsage, toVoidGrant } from "../commands.js";
import { openTestDatabase, putAccount } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;

it("a server that waited for another one's lock decides at no time before that one's last entry", async () => {
  const test = await openTestDatabase("postgres");
  // The accounts share a lane, and so their batches.
  const database = { ...test.database, concurrency: 1 };
  const ahead = createEngine({ database, now: () => addSeconds(NOW, 1) });
  const behind = createEngine({ database, now: () => NOW });
  const waiters = async () => {
    const rows = await database.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    return rows.length;
  };
  try {
    for (const account of ["a", "b"]) await putAccount(database, account, {}, NOW);
    await behind.submitAll([toGrant("a", "grant", "5"), toUsage("b", "usage", "0.001")]);
    // Each server finds out once that another one changes the accounts, and locks them from then on.
    for (const [index, engine] of [ahead, behind, ahead, behind].entries())
      await engine.submitAll([toUsage("a", `a-${index}`, "0.001"), toUsage("b", `b-${index}`, "0.001")]);
    let voids: Promise<unknown[]> | undefined;
    await database.transaction("write", async ({ query }) => {
      await query("SELECT 1 FROM credits.accounts WHERE account = 'b' FOR UPDATE");
      const first = ahead.submitAll([toVoidGrant("a", "first", 1), toTouch("b")]);
      await vi.waitFor(async () => expect(await waiters()).toBe(1));
      const second = behind.submitAll([toVoidGrant("a", "second", 1)]);
      await vi.waitFor(async () => expect(await waiters()).toBe(2));
      voids = Promise.all([first, second]);
    });
    expect(await voids).toMatchObject([
      [{ refusal: null }, { refusal: null }],
      [{ refusal: { code: "grant_ended" } }],
    ]);
  } finally {
    await Promise.all([ahead.close(), behind.close()]);
    await test.drop();
  }
});
