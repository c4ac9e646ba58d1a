import { expect, it } from "vitest";
import type { Instant } from "../../src/core/instant.js";
import type { Database } from "../../src/db/port.js";
import { createAccountCache } from "../../src/engine/account-cache.js";
import { createLane } from "../../src/engine/lane.js";
import type { Call } from "../../src/engine/queue.js";
import { toUsage } from "../commands.js";
import { openTestDatabase, putAccount } from "../databases.js";

const NOW = 1_795_341_900_000_000 as Instant;

function toCall(isDone: boolean): Call & { readonly settled: Promise<void> } {
  let resolve = () => {};
  const settled = new Promise<void>((settle) => (resolve = settle));
  const call = { sinceMs: performance.now(), isBegun: false, isUnconfirmed: false, isDone };
  return Object.assign(call, {
    settled,
    settle() {
      call.isDone = true;
      resolve();
    },
    fail(error: unknown) {
      throw error;
    },
  });
}

it("is not idle while a batch is in flight, when the calls of all that waits have ended", async () => {
  const test = await openTestDatabase("pglite");
  let gate: Promise<void> = Promise.resolve();
  const database: Database = {
    ...test.database,
    write: async (sql, params) => {
      if (sql.startsWith("WITH")) await gate;
      return test.database.write(sql, params);
    },
  };
  await putAccount(test.database, "a", {}, NOW);
  const salt = () => "00".repeat(16);
  const lane = createLane({
    database,
    cache: createAccountCache(1),
    circumstances: () => ({ now: NOW, salt }),
  });
  let commands = 0;
  const add = (count: number, isDone = false) =>
    Array.from({ length: count }, () => {
      const call = toCall(isDone);
      lane.add({ command: toUsage("a", `k-${++commands}`, "1"), call, index: 0, bytes: 1 });
      return call;
    });
  // From the first large batch on, batches are decided ahead.
  await Promise.all(add(300).map(({ settled }) => settled));
  await lane.idle();

  let open = () => {};
  gate = new Promise((resolve) => (open = resolve));
  const inFlight = add(100);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  add(100, true);
  let isIdle = false;
  const idle = lane.idle().then(() => {
    isIdle = true;
  });
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect({ isIdle, settled: inFlight.filter(({ isDone }) => isDone).length }).toEqual({
    isIdle: false,
    settled: 0,
  });
  open();
  await idle;
  expect(inFlight.every(({ isDone }) => isDone)).toBe(true);
  await test.drop();
});
