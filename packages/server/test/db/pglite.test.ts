import { expect, it } from "vitest";
import { openPglite } from "../../src/db/pglite/open.js";

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
