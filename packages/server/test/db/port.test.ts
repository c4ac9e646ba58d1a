import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Reader } from "../../src/db/port.js";
import { ENGINES, openEmptyDatabase, readChunks, runScript, type TestDatabase } from "../databases.js";

const insert = (id: number) => ["INSERT INTO public.numbers VALUES ($1::bigint)", [id]] as const;

describe.each(ENGINES)("the port to %s", (engine) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openEmptyDatabase(engine);
    await runScript(
      test.database,
      "CREATE TABLE public.numbers (id bigint PRIMARY KEY); CREATE TABLE public.others (id int)",
    );
  });
  afterAll(() => test.drop());
  beforeEach(() => test.database.write("DELETE FROM public.numbers", []));

  const readIds = async (on: Reader = test.database) => {
    const rows = await on.query<{ id: bigint }>("SELECT id FROM public.numbers ORDER BY id");
    return rows.map(({ id }) => Number(id));
  };

  const fill = (count: number) =>
    test.database.write("INSERT INTO public.numbers SELECT unnest($1::bigint[])", [[...Array(count).keys()]]);

  it("parses bigint, timestamptz, bytea, bigint arrays and json", async () => {
    const sql = `SELECT $1::bigint AS big, '2026-11-22T10:05:00.123457Z'::timestamptz AS at, 'infinity'::float8 AS far,
      '1899-12-31T23:59:59.999999Z'::timestamptz AS early, '\\x00ff'::bytea AS bytes, '{1,-2}'::bigint[] AS bigs,
      '{}'::bigint[] AS none, '{"a": [1]}'::jsonb AS json, NULL::bigint AS nothing`;
    const row = {
      ...{ big: 2n ** 63n - 1n, at: 1_795_341_900_123_457, far: Number.POSITIVE_INFINITY },
      ...{ early: -2_208_988_800_000_001, bytes: "00ff", bigs: [1n, -2n], none: [] },
      ...{ json: { a: [1] }, nothing: null },
    };
    const params = [2n ** 63n - 1n];
    expect(await test.database.query(sql, params)).toEqual([row]);
    expect(await test.database.write(sql, params)).toEqual([row]);
    const inTransaction = test.database.transaction("write", (connection) => connection.query(sql, params));
    expect(await inTransaction).toEqual([row]);
  });

  it("returns the rows of a write, and takes the same statement again", async () => {
    const sql = "INSERT INTO public.numbers VALUES ($1::bigint) RETURNING id, id + 1 AS next";
    for (let round = 0; round < 3; round++) {
      const row = { id: BigInt(round), next: BigInt(round + 1) };
      expect(await test.database.write(sql, [round])).toEqual([row]);
    }
  });

  it("takes a statement in a transaction that was prepared outside of it, and the other way round", async () => {
    const sql = "SELECT 1 AS one WHERE $1::boolean";
    for (let round = 0; round < 2; round++) {
      const within = await test.database.transaction("write", (connection) => connection.query(sql, [true]));
      expect([within, await test.database.write(sql, [true])]).toEqual([[{ one: 1 }], [{ one: 1 }]]);
    }
  });

  it("writes all of a statement or nothing", async () => {
    await test.database.write(...insert(1));
    const sql = `WITH first AS (INSERT INTO public.numbers VALUES (2)), second AS (INSERT INTO public.numbers VALUES (1))
      SELECT 1`;
    await expect(test.database.write(sql)).rejects.toMatchObject({ code: "23505" });
    expect(await readIds()).toEqual([1]);
  });

  it("commits a transaction when its work resolves, and rolls it back when it rejects", async () => {
    const { database } = test;
    const result = await database.transaction("write", async (connection) => {
      await connection.query(...insert(1));
      await connection.query(...insert(2));
      return readIds(connection);
    });
    expect(result).toEqual([1, 2]);
    const failed = database.transaction("write", async (connection) => {
      await connection.query(...insert(3));
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    const refused = database.transaction("write", async (connection) => {
      await connection.query(...insert(4));
      await connection.query(...insert(1));
    });
    await expect(refused).rejects.toMatchObject({ code: "23505" });
    expect(await readIds()).toEqual([1, 2]);
  });

  it("never writes where it reads", async () => {
    const { database } = test;
    const [sql, params] = insert(1);
    const message = /read-only/;
    await expect(database.query(sql, params)).rejects.toThrow(message);
    await expect(database.query("SELECT FROM public.numbers FOR UPDATE")).rejects.toThrow(message);
    const snapshot = database.transaction("snapshot", (connection) => connection.query(sql, params));
    await expect(snapshot).rejects.toThrow(message);
    expect(await readIds()).toEqual([]);
    await database.write(...insert(2));
    expect(await readIds()).toEqual([2]);
  });

  it("streams rows in chunks, with parameters", async () => {
    await fill(25);
    const chunks: number[][] = [];
    const sql = "SELECT id FROM public.numbers WHERE id >= $1::bigint ORDER BY id";
    await readChunks<{ id: bigint }>(test.database, sql, [2], (rows) =>
      chunks.push(rows.map(({ id }) => Number(id))),
    );
    expect(chunks.map((chunk) => chunk.length)).toEqual([10, 10, 3]);
    expect(chunks.flat()).toEqual(Array.from({ length: 23 }, (_, index) => index + 2));
  });

  it.each([0, 20])("ends a stream of %d rows where a chunk is full", async (count) => {
    await fill(20);
    const sizes: number[] = [];
    const sql = "SELECT id FROM public.numbers WHERE id < $1::bigint";
    await readChunks(test.database, sql, [count], (rows) => sizes.push(rows.length));
    expect(sizes).toEqual(count === 0 ? [] : [10, 10]);
  });

  it("closes the cursor of a stream whose loop is left", async () => {
    await fill(100);
    const sql = "SELECT id FROM public.numbers";
    await test.database.transaction("snapshot", async (connection) => {
      for (let round = 0; round < 30; round++) {
        for await (const rows of connection.stream(sql, [], 10)) {
          expect(rows).toHaveLength(10);
          break;
        }
      }
      const open = await connection.query("SELECT name FROM pg_cursors WHERE name LIKE 'credits_%'");
      expect(open).toEqual([]);
    });
    const failing = readChunks(test.database, sql, [], () => {
      throw new Error("enough");
    });
    await expect(failing).rejects.toThrow("enough");
    await test.database.write(...insert(1_000));
    expect(await readIds()).toHaveLength(101);
  });

  it("rejects with the error of a stream's statement, and goes on", async () => {
    await fill(100);
    const read = (sql: string) => readChunks(test.database, sql, [], () => {});
    await expect(read("SELECT nothing FROM public.numbers")).rejects.toThrow(
      /column "nothing" does not exist/,
    );
    await expect(read("SELECT 1 / (50 - id) FROM public.numbers ORDER BY id")).rejects.toThrow(
      /division by zero/,
    );
    expect(await readIds()).toHaveLength(100);
  });

  it("reads several streams and queries of a transaction side by side, in one snapshot", async () => {
    await fill(100);
    const seen = await test.database.transaction("snapshot", async (connection) => {
      const ids: bigint[] = [];
      for await (const rows of connection.stream<{ id: bigint }>(
        "SELECT id FROM public.numbers ORDER BY id",
        [],
        40,
      )) {
        const first = rows[0]?.id as bigint;
        const again = connection.stream<{ id: bigint }>(
          "SELECT id FROM public.numbers WHERE id >= $1 ORDER BY id",
          [first],
          30,
        );
        for await (const same of again) {
          ids.push(...same.map(({ id }) => id));
          break;
        }
        expect(await readIds(connection)).toHaveLength(100);
      }
      return ids;
    });
    expect(seen.map(Number)).toEqual(
      [0, 40, 80].flatMap((first) =>
        Array.from({ length: Math.min(30, 100 - first) }, (_, index) => first + index),
      ),
    );
  });

  it("refuses calls once it is closed, and closes once", async () => {
    const closing = await openEmptyDatabase(engine);
    await Promise.all([closing.database.query("SELECT 1"), closing.database.write("SELECT 1")]);
    await closing.database.close();
    await closing.database.close();
    const closed = { name: "DatabaseError", kind: "closed", message: /is closed|are closed/ };
    const refused = { ...closed, message: expect.stringMatching(closed.message) };
    const { database } = closing;
    await expect(database.query("SELECT 1")).rejects.toMatchObject(refused);
    await expect(database.write("SELECT 1", [])).rejects.toMatchObject(refused);
    await expect(database.transaction("write", async () => {})).rejects.toMatchObject(refused);
    await expect(database.transaction("snapshot", async () => {})).rejects.toMatchObject(refused);
    await closing.drop();
  });
});
