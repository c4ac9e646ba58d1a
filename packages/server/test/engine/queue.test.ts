import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Call, createQueue, type Share } from "../../src/engine/queue.js";
import { toUsage } from "../commands.js";

const LIMITS = { commands: 2_000, bytes: 4_000_000 };

function toCall(): Call & { failed: unknown } {
  const call = {
    sinceMs: performance.now(),
    isBegun: false,
    isUnconfirmed: false,
    isDone: false,
    failed: undefined as unknown,
    settle() {},
    fail(error: unknown) {
      call.isDone = true;
      call.failed = error;
    },
  };
  return call;
}

function fill(queue: ReturnType<typeof createQueue>, account: string, count: number, bytes = 500): Call {
  const call = toCall();
  for (let index = 0; index < count; index++) {
    queue.add({ command: toUsage(account, `${account}-${index}`, "1"), call, index, bytes });
  }
  return call;
}

const never = () => {
  throw new Error("No call has waited long.");
};
const sizes = (batch: readonly Share[]) =>
  Object.fromEntries(batch.map(({ account, waiting }) => [account, waiting.length]));

describe("the queue of a lane", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("puts all that waits into one batch when that fits", () => {
    const queue = createQueue(LIMITS);
    fill(queue, "a", 1_999);
    fill(queue, "b", 1);
    expect(sizes(queue.take(never))).toEqual({ a: 1_999, b: 1 });
    expect(queue.size).toBe(0);
  });

  it("lets an account with little have its turn before the rest of one with much", () => {
    const queue = createQueue(LIMITS);
    fill(queue, "much", 10_000);
    fill(queue, "little", 3);
    expect(sizes(queue.take(never))).toEqual({ much: 1_997, little: 3 });
  });

  it("lets accounts with much share a batch", () => {
    const queue = createQueue(LIMITS);
    for (const account of ["a", "b", "c", "d"]) fill(queue, account, 3_000);
    const taken = Object.values(sizes(queue.take(never)));
    expect(taken.reduce((sum, size) => sum + size, 0)).toBe(2_000);
    expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(64);
  });

  it("keeps the order of an account's commands, over all batches", () => {
    const queue = createQueue(LIMITS);
    fill(queue, "a", 5_000);
    fill(queue, "b", 2_500);
    const seen: Record<string, number[]> = { a: [], b: [] };
    while (queue.size > 0) {
      for (const { account, waiting } of queue.take(never)) {
        seen[account]?.push(...waiting.map(({ index }) => index));
      }
    }
    expect(seen.a).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
    expect(seen.b).toEqual(Array.from({ length: 2_500 }, (_, index) => index));
  });

  it("bounds a batch by bytes too", () => {
    const queue = createQueue(LIMITS);
    fill(queue, "a", 1_000, 50_000);
    expect(queue.take(never).flatMap(({ waiting }) => waiting).length).toBe(128);
  });

  it("turns away calls that have waited for thirty seconds, unless some of their commands were taken", () => {
    const queue = createQueue(LIMITS);
    const begun = fill(queue, "begun", 4_000);
    queue.take(never);
    expect(begun.isBegun).toBe(false);
    queue.begin();
    expect(begun.isBegun).toBe(true);
    const late = fill(queue, "late", 2);
    vi.advanceTimersByTime(30_001);
    fill(queue, "fresh", 2);
    const expired: Call[] = [];
    const batch = queue.take((call) => {
      expired.push(call);
      call.fail(new Error("late"));
    });
    expect(expired).toEqual([late]);
    expect(sizes(batch)).toEqual({ begun: 1_998, fresh: 2 });
  });

  it("measures what waits in full batches, by commands or by bytes", () => {
    const queue = createQueue(LIMITS);
    fill(queue, "a", 1_000);
    expect(queue.batches).toBe(0.5);
    fill(queue, "b", 3_000);
    expect(queue.batches).toBe(2);
    fill(queue, "c", 10, 1_000_000);
    expect(queue.batches).toBe(3);
    queue.take(never, 1_000);
    expect(queue.batches).toBeLessThan(3);
  });

  it("takes no more than it is asked for", () => {
    const queue = createQueue(LIMITS);
    fill(queue, "a", 100);
    fill(queue, "b", 100);
    expect(sizes(queue.take(never, 100))).toEqual({ a: 64, b: 36 });
    expect(queue.size).toBe(100);
  });

  it("turns away calls of a batch that was taken and has not begun", () => {
    const queue = createQueue(LIMITS);
    const late = fill(queue, "late", 2);
    queue.take(never);
    vi.advanceTimersByTime(30_001);
    queue.expire((call) => call.fail(new Error("late")));
    expect(late.isDone).toBe(true);
    expect(queue.begin()).toEqual([]);
    queue.expire(never);
  });

  it("skips commands whose call has failed", () => {
    const queue = createQueue(LIMITS);
    const call = fill(queue, "a", 3_000);
    queue.take(never);
    call.fail(new Error("lost"));
    expect(queue.take(never)).toEqual([]);
    expect(queue.size).toBe(0);
  });

  it("drops the commands that were taken, also of an account that always has more", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const queue = createQueue(LIMITS);
    const first = new WeakRef(fill(queue, "busy", 2_000));
    for (let round = 0; round < 10; round++) {
      fill(queue, "busy", 2_000);
      queue.take(never);
    }
    // The target of a new weak reference lives until the turn of the event loop is over.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(queue.size).toBe(2_000);
    expect(first.deref()).toBeUndefined();
  });
});
