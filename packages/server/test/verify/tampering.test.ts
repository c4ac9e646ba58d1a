import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../src/db/port.js";
import { openTestDatabase, type TestDatabase } from "../databases.js";
import { forge, undone, verifyWithin, writeHistory } from "./forge.js";

/** The columns that may be changed unseen, each with its reason: in all records, or in those of `SOME`. */
const UNSEEN: Readonly<Record<string, string>> = {
  "accounts.name": "a setting that only the page shows",
  "accounts.time_zone": "a setting that only the page uses",
  "accounts.metadata": "a setting of the integrator",
  "accounts.created_at": "decides nothing",
  "accounts.updated_at": "decides nothing",
  "accounts.version": "a random number, after whose change a batch is decided again",
  "accounts.changes": "decides only what a server reads again of an account that another one has changed",
  "accounts.recent_versions":
    "decides only what a server reads again of an account that another one has changed",
  "grants.change": "decides only what a server reads again of an account that another one has changed",
  "holds.change": "decides only what a server reads again of an account that another one has changed",
  "api_keys.name": "only for people",
  "api_keys.hint": "only for people",
  "secrets.name": "whoever writes it can read it, and needs no change to sign tokens",
  "secrets.value": "whoever writes it can read it, and needs no change to sign tokens",
  "labels.dimension": "a name that only the page shows",
  "labels.id": "a name that only the page shows",
  "labels.label": "a name that only the page shows",
  "migrations.applied_at": "decides nothing",
  "erasures.erased_at": "decides only whether the erasure is carried out again",
  "leases.name": "decides only which server sweeps",
  "leases.holder": "decides only which server sweeps",
  "leases.expires_at": "decides only which server sweeps",
  "entries.salt": "without free text it hides nothing, and a retry is refused",
  "activity_rows.various": "null and an empty array both state that the entries of the row differ in nothing",
  "grants.remaining": "the account's record has what remains of the grant that is drawn on",
  "holds.salt": "erased from a hold without free text, a retry is refused",
};

/** The records whose columns may be changed unseen, as SQL. */
const SOME: Readonly<Record<string, string>> = {
  "entries.salt": "digest IS NULL",
  "grants.remaining": "(account, seq) IN (SELECT account, drawn_grant FROM credits.accounts)",
  "activity_rows.various": "coalesce(various, '[]') = '[]'",
  "holds.salt":
    "coalesce(description, source_label, member, metadata::text, private_metadata::text) IS NULL AND salt IS NOT NULL",
};

/** Records that may be removed or added unseen, each with its reason. */
const REPLACEABLE: Readonly<Record<string, string>> = {
  "- api_keys": "its callers are refused",
  "- labels": "a name that only the page shows",
  "+ labels": "a name that only the page shows",
  "- leases": "decides only which server sweeps",
  "+ leases": "decides only which server sweeps",
  "- secrets": "the ledger makes another one, and tokens end",
  "- window_states": "it only saves the reading of entries",
  "+ secrets": "the ledger reads only its own",
};

/** The most records of a table of which every cell is changed. */
const RECORDS = 4;

/** Values that a cell is changed to, by type, as SQL. `?` is the column. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  text: ["coalesce(?, '') || 'x'"],
  bigint: ["coalesce(?, 0) + 1", "0", "9223372036854775807", "-9223372036854775808"],
  integer: ["coalesce(?, 0) + 1"],
  smallint: ["coalesce(?, 0) + 1"],
  numeric: ["coalesce(?, 0) + 1"],
  boolean: ["NOT coalesce(?, false)"],
  "timestamp with time zone": [
    "coalesce(?, timestamptz '2026-11-22') + interval '1 microsecond'",
    "'infinity'",
  ],
  bytea: ["decode(repeat('ab', coalesce(length(?), 16)), 'hex')", "decode(repeat('ab', 32), 'hex')"],
  jsonb: [`'{"forged": 1}'`],
  "bigint[]": ["? || 1::bigint", "'{}'", "ARRAY[NULL]::bigint[]", "ARRAY[[1], [2]]::bigint[]"],
};

/** The columns by which a record of a table is copied: other values for its unique columns. */
const COPIES: Readonly<Record<string, string>> = {
  accounts: `{"account": "forged"}`,
  activity_rows: `{"position": 99, "category_position": 99}`,
  api_keys: `{"id": "forged", "hash": "\\\\xab"}`,
  entries: `{"seq": 999, "key": "forged"}`,
  erasures: `{"seq": 999}`,
  expiries: `{"seq": 999}`,
  grants: `{"seq": 99}`,
  hold_extensions: `{"key": "forged"}`,
  leases: `{"name": "forged"}`,
  window_states: `{"seq": 999}`,
  holds: `{"hold": "forged", "key": "forged", "release_key": null}`,
  labels: `{"id": "forged"}`,
  migrations: `{"id": 9999}`,
  secrets: `{"name": "forged"}`,
};

/** The columns by which two records of an account change places. */
const PLACES: Readonly<Record<string, { readonly column: string; readonly free: string }>> = {
  activity_rows: { column: "position", free: "9999" },
  entries: { column: "seq", free: "9999" },
  grants: { column: "seq", free: "9999" },
  holds: { column: "hold", free: "free" },
};

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
}

const COLUMNS = `
  SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, NULL) AS type
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relnamespace = 'credits'::regnamespace AND c.relkind = 'r' ORDER BY 1, a.attnum`;

/** A record by its place in the table, and its account, if it has one. */
interface Place {
  readonly ctid: string;
  readonly account: string | null;
}

let test: TestDatabase;
let columns: readonly Column[];
let tables: readonly string[];

beforeAll(async () => {
  test = await openTestDatabase("postgres");
  await writeHistory(test.database);
  await test.database.write(
    "INSERT INTO credits.secrets (name, value) VALUES ('tokens', sha256('tokens'::bytea))",
  );
  await test.database.write(
    "INSERT INTO credits.leases (name, holder, expires_at) VALUES ('sweep', 'a server', '2026-11-22T10:06:00Z')",
  );
  columns = await test.database.query<Column>(COLUMNS);
  tables = [...new Set(columns.map(({ table }) => table))];
});
afterAll(() => test.drop());

/** Returns records of a table, evenly spread over those of one account and those without an account. */
async function listPlaces(connection: Connection, table: string): Promise<readonly Place[]> {
  const account = columns.some((column) => column.table === table && column.name === "account")
    ? "account"
    : "NULL";
  const places = await connection.query<Place>(
    `SELECT ctid::text AS ctid, ${account} AS account FROM credits.${table} WHERE coalesce(${account}, 'acme') = 'acme'
     ORDER BY ctid`,
  );
  return places.filter(
    (_, index) =>
      index === 0 ||
      Math.floor((index * RECORDS) / places.length) !== Math.floor(((index - 1) * RECORDS) / places.length),
  );
}

/** Returns the SQL of the values that a cell is changed to: by its type, null, and that of another record. */
function listValues({ table, name, type }: Column): readonly string[] {
  const values = CHANGES[type];
  if (values === undefined) throw new Error(`The type ${type} of ${table}.${name} has no changes.`);
  const cell = `t."${name}"`;
  const other = `(SELECT o."${name}" FROM credits.${table} o WHERE o."${name}" IS DISTINCT FROM ${cell} LIMIT 1)`;
  return [...values.map((value) => value.replaceAll("?", cell)), "NULL", other];
}

/** True if a cell of a record may be changed unseen. */
async function mayBeUnseen(connection: Connection, { table, name }: Column, { ctid }: Place) {
  if (!(`${table}.${name}` in UNSEEN)) return false;
  const records = SOME[`${table}.${name}`] ?? "true";
  const found = await connection.query(`SELECT FROM credits.${table} WHERE ctid = '${ctid}' AND ${records}`);
  return found.length > 0;
}

describe("a change of one cell", () => {
  it("is seen in every column that decides something", { timeout: 600_000 }, async () => {
    const unseen = new Set<string>();
    const unexpected: string[] = [];
    const shares = new Map(tables.map((table) => [table, { seen: 0, all: 0 }]));
    await undone(test.database, async (connection) => {
      expect(await verifyWithin(connection)).toEqual([]);
      for (const column of columns) {
        const { table, name, type } = column;
        const share = shares.get(table) as { seen: number; all: number };
        for (const place of await listPlaces(connection, table)) {
          for (const value of listValues(column)) {
            const outcome = await forge(
              connection,
              `UPDATE credits.${table} t SET "${name}" = ${value}
               WHERE t.ctid = '${place.ctid}' AND (${value})::${type} IS DISTINCT FROM t."${name}" RETURNING 1`,
            );
            if (typeof outcome === "string") continue;
            share.all += 1;
            const isNamed = outcome.violations.some(
              ({ account }) => place.account === null || name === "account" || account === place.account,
            );
            if (isNamed) share.seen += 1;
            else if (await mayBeUnseen(connection, column, place)) unseen.add(`${table}.${name}`);
            else unexpected.push(`${table}.${name} at ${place.ctid} to ${value}`);
          }
        }
      }
    });
    expect(unexpected).toEqual([]);
    // An exception that nothing needs any more is removed.
    expect([...unseen].sort()).toEqual(Object.keys(UNSEEN).sort());
    for (const [table, { seen, all }] of shares) {
      console.info(`${table}: ${seen} of ${all} changes are seen`);
      expect(all, table).toBeGreaterThan(0);
    }
  });
});

describe("a record", () => {
  /** Makes forgeries, and returns the tables of those that were not seen. */
  async function listUnseen(toChanges: (table: string, places: readonly Place[]) => readonly string[]) {
    const unseen = new Set<string>();
    await undone(test.database, async (connection) => {
      for (const table of tables) {
        for (const statement of toChanges(table, await listPlaces(connection, table))) {
          const outcome = await forge(connection, statement);
          if (typeof outcome === "string") throw new Error(`${statement} is ${outcome}.`);
          if (outcome.violations.length === 0) unseen.add(table);
        }
      }
    });
    return [...unseen];
  }

  it("that is removed is seen", { timeout: 300_000 }, async () => {
    const unseen = await listUnseen((table, places) =>
      places.map(({ ctid }) => `DELETE FROM credits.${table} WHERE ctid = '${ctid}' RETURNING 1`),
    );
    expect(unseen.map((table) => `- ${table}`)).toEqual(
      Object.keys(REPLACEABLE).filter((name) => name.startsWith("-")),
    );
  });

  it("that is added is seen", { timeout: 300_000 }, async () => {
    const unseen = await listUnseen((table, places) =>
      places.map(
        ({ ctid }) => `
          INSERT INTO credits.${table} SELECT r.* FROM credits.${table} t,
            jsonb_populate_record(NULL::credits.${table}, to_jsonb(t) || '${COPIES[table]}') r
          WHERE t.ctid = '${ctid}' RETURNING 1`,
      ),
    );
    expect(unseen.map((table) => `+ ${table}`)).toEqual(
      Object.keys(REPLACEABLE).filter((name) => name.startsWith("+")),
    );
  });

  it("that changes places with another one is seen", { timeout: 300_000 }, async () => {
    const unseen: string[] = [];
    await undone(test.database, async (connection) => {
      for (const [table, { column, free }] of Object.entries(PLACES)) {
        const places = await connection.query<{ key: string }>(
          `SELECT ${column}::text AS key FROM credits.${table} WHERE account = 'acme' ORDER BY ${column} LIMIT ${RECORDS}`,
        );
        const move = (from: string, to: string) =>
          `UPDATE credits.${table} SET ${column} = '${to}' WHERE account = 'acme' AND ${column} = '${from}' RETURNING 1`;
        const [first, ...rest] = places.map(({ key }) => key);
        expect(rest.length).toBeGreaterThan(1);
        for (const other of rest) {
          const moves = [move(first as string, free), move(other, first as string), move(free, other)];
          const outcome = await forge(connection, ...moves);
          if (typeof outcome === "string") throw new Error(`${moves.join("; ")} is ${outcome}.`);
          if (outcome.violations.length === 0) unseen.push(...moves);
        }
      }
    });
    expect(unseen).toEqual([]);
  });
});
