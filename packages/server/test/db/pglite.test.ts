import { expect, it } from "vitest";
import { openPglite } from "../../src/db/pglite/open.js";
import { runScript } from "../databases.js";

/** A statement that takes some milliseconds. */
const SLOW = "SELECT count(*)::int AS n FROM generate_series(1, 30000) g";

it("an embedded database leaves turns of the event loop to others between works", async () => {
  const database = await openPglite();
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  /** The turns that had passed at the end of each work. */
  const ends: number[] = [];
  const works = Array.from({ length: 20 }, async (_, index) => {
    if (index % 2 === 0) await database.query(SLOW);
    else await database.transaction("write", (connection) => connection.query(SLOW));
    ends.push(turns);
  });
  works.push(expect(database.query("SELECT nothing")).rejects.toThrow("nothing"));
  await Promise.all(works);
  isDone = true;
  const passed = ends.slice(1).map((end, index) => end - (ends[index] as number));
  expect(passed).toHaveLength(19);
  expect(Math.min(...passed)).toBeGreaterThan(0);
  await database.close();
});

it("an embedded database writes where timers are numbers", async () => {
  const real = globalThis.setTimeout;
  const timers = new Map<number, NodeJS.Timeout>();
  globalThis.setTimeout = ((...args: Parameters<typeof real>) => {
    timers.set(timers.size + 1, real(...args).unref());
    return timers.size;
  }) as unknown as typeof real;
  try {
    const database = await openPglite();
    await runScript(database, "CREATE TABLE public.numbers (n integer)");
    await database.write("INSERT INTO public.numbers VALUES (1)");
    expect(await database.query("SELECT n FROM public.numbers")).toEqual([{ n: 1 }]);
    await database.close();
    expect(timers.size).toBeGreaterThan(0);
  } finally {
    globalThis.setTimeout = real;
    for (const timer of timers.values()) clearTimeout(timer);
  }
});
