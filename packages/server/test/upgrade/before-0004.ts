import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Account } from "@credit-activity/client";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { STATED, toSetting } from "../../src/db/settings.js";
import type { Engine } from "../databases.js";

/*
 * A ledger that the code of commit ed0ef73 (migrations 0001 to 0003) wrote and read at a fixed clock.
 *
 * before-0004.sql has the rows of its tables. Each statement ends with a semicolon at the end of a line.
 * before-0004.json has every command with its first response, and the API's view of each account at `end`. `further` has
 * commands after `end`, which the same code ran on a copy, and the changes they made to the views.
 *
 * Inputs and views have the names, amounts and times of the `Ledger` interface. Their values are those of ed0ef73, which
 * differ from today's as follows:
 *
 * - `project` is a string. Today it is `{ id, label }`, and the label is the id.
 * - A row's `description` counts its entries ("2 calls") when their descriptions differ. Today it is null, as in the
 *   row's `commonDescription`, which no longer exists.
 * - Entries and rows have no `type`, rows no `nouns`, and holds no `title`. They follow from the kind.
 * - Entries, rows and holds have no `member` and `task`. Entries have no `price`, `quantities`, `estimated`, `cost` and
 *   `privateMetadata`. Holds have no `metadata` and `privateMetadata`. Today these are null, false or empty.
 * - ed0ef73 named the `id` of an account `account`, and that of a hold `hold`. The file has `id`.
 * - `remaining` names every kind of grant, with "0" for those with nothing left.
 * - A row's `seqs`, a page's `positions` and an account's `holds` are not fields of ed0ef73. They were read separately.
 *
 * The secret keys, the account token and the secret that signed it belong to this ledger only.
 */

export type Json = Readonly<Record<string, unknown>>;

/** A command, and its first response. */
export interface Step {
  readonly at: string;
  readonly op:
    | "putAccount"
    | "grant"
    | "spend"
    | "usage"
    | "hold"
    | "settle"
    | "release"
    | "refund"
    | "adjust"
    | "writeOff";
  readonly account: string;
  /** The idempotency key, or the usage event's id. */
  readonly key: string;
  /** The id of the hold to settle or release. */
  readonly hold?: string;
  readonly input: Json;
  /** The CloudEvent that carried the usage event, if one did. */
  readonly cloudEvent?: Json;
  readonly response: { readonly entry?: { readonly seq: number }; readonly hold?: RecordedHold };
}

type RecordedHold = Json & { readonly id: string; readonly kind: string };
export type RecordedEntry = Json & { readonly seq: number; readonly kind: string; readonly hash: string };
type RecordedRow = Json & {
  readonly position: number;
  readonly kind: string;
  readonly seqs: readonly number[];
};
type RecordedGrant = Json & { readonly seq: number };

/** The filters of the activity page. */
export const FILTERS = ["all", "added", "used", "adjustments"] as const;

/** A page of activity, with the positions of its rows. */
export type Page = Json & { readonly positions: readonly number[] };
type Pages = Readonly<Record<(typeof FILTERS)[number], readonly Page[]>>;

/** An account as ed0ef73 read it: entries from the oldest, grants and rows from the newest. */
export interface View {
  readonly account: Json & { readonly remaining: Readonly<Record<string, string>> };
  readonly entries: readonly RecordedEntry[];
  readonly grants: readonly RecordedGrant[];
  readonly holds: readonly RecordedHold[];
  readonly pages: Pages;
  readonly rows: readonly RecordedRow[];
}

/** The content of before-0004.json. */
export interface Recording {
  readonly end: string;
  readonly perPage: number;
  readonly keys: readonly (Json & { readonly key: string; readonly revokedAt: string | null })[];
  readonly token: { readonly account: string; readonly token: string };
  readonly steps: readonly Step[];
  readonly accounts: Readonly<Record<string, View>>;
  /** Pages of an `asOf` from before the open window's last entries. */
  readonly earlier: Pick<View, "pages" | "rows"> & { readonly account: string; readonly asOf: string };
  readonly further: {
    readonly end: string;
    /** Number of accounts on which something was due at the end. */
    readonly swept: number;
    readonly steps: readonly Step[];
    /** Records of each view that are new or different, and all pages. */
    readonly accounts: Readonly<Record<string, View>>;
  };
}

export const RECORDING = JSON.parse(
  readFileSync(new URL("before-0004.json", import.meta.url), "utf8"),
) as Recording;

const NOUNS: Readonly<Record<string, { readonly one: string; readonly other: string }>> = {
  ai_usage: { one: "call", other: "calls" },
  build_usage: { one: "step", other: "steps" },
  runtime_usage: { one: "event", other: "events" },
};
const TITLES: Readonly<Record<string, string>> = {
  ai_usage: "AI usage",
  build_usage: "Build usage",
  runtime_usage: "Runtime usage",
};
const CORRECTIONS = new Set(["refund", "adjustment", "writeoff", "expiry"]);

function toType(kind: string): string {
  if (kind in NOUNS) return "usage";
  return CORRECTIONS.has(kind) ? "correction" : "grant";
}

const toProject = (id: unknown) => (id === null ? null : { id, label: id });
const NO_DIMENSIONS = { member: null, task: null };

/** An account without the kinds of which nothing remains. */
export function toAccount(account: Json | Account) {
  // The version before had none of these.
  const { pending, nextExpiry, closedAt, ...rest } = account as Account;
  const remaining = Object.entries(rest.remaining).filter(([, amount]) => amount !== "0");
  return { ...rest, remaining: Object.fromEntries(remaining) };
}

/** A recorded entry as today's API returns it. */
export function toEntry(entry: RecordedEntry): Json {
  return {
    ...entry,
    ...NO_DIMENSIONS,
    type: toType(entry.kind),
    project: toProject(entry.project),
    grant: null,
    price: null,
    quantities: null,
    estimated: false,
    cost: null,
    privateMetadata: {},
  };
}

/** A recorded row as today's API returns it. */
export function toRow({ seqs: _seqs, commonDescription, ...row }: RecordedRow): Json {
  return {
    ...row,
    ...NO_DIMENSIONS,
    various: [],
    type: toType(row.kind),
    nouns: NOUNS[row.kind] ?? null,
    project: toProject(row.project),
    description: commonDescription,
  };
}

/** A recorded hold as today's API returns it. */
export function toHold(hold: RecordedHold): Json {
  return {
    ...hold,
    ...NO_DIMENSIONS,
    title: TITLES[hold.kind],
    project: toProject(hold.project),
    metadata: {},
    privateMetadata: {},
  };
}

/** A view after `further`: the one before with what has changed. */
export function toLater(before: View, changed: View): View {
  return {
    ...changed,
    entries: overlay(before.entries, changed.entries, ({ seq }) => seq),
    grants: overlay(before.grants, changed.grants, ({ seq }) => seq).toReversed(),
    rows: overlay(before.rows, changed.rows, ({ position }) => position).toReversed(),
  };
}

/** Records in ascending order, with those that have changed in place of their former selves. */
function overlay<R>(before: readonly R[], changed: readonly R[], toNumber: (record: R) => number): R[] {
  const byNumber = new Map([...before, ...changed].map((record) => [toNumber(record), record]));
  return [...byNumber.values()].sort((a, b) => toNumber(a) - toNumber(b));
}

const MIGRATIONS = ["0001_ledger", "0002_access", "0003_account_state"];

/** Columns of the tables that the migration must leave as they are. */
const COLUMNS = {
  entries: [
    ...["account", "seq", "kind", "title", "credits", "original_credits", "balance", "description"],
    ...["source_type", "source_id", "source_label", "project", "occurred_at", "recorded_at", "key"],
    ...["fingerprint", "draw_grants", "draw_credits", "debt", "refund_of", "metadata", "hash", "position"],
  ],
  holds: [
    ...["account", "hold", "kind", "credits", "description", "source_type", "source_id", "source_label"],
    ...["project", "status", "created_at", "expires_at", "key", "fingerprint", "settled_seq"],
    ...["release_key", "release_fingerprint"],
  ],
};

type Rows = Readonly<Record<string, string | null>>[];

/** A database with the recorded rows. Close the ledger before you read the tables. */
export interface RestoredDatabase {
  readonly options: { readonly url: string } | { readonly dataDir: string };
  /** Reads the tables' old columns, in the order of their keys, as Postgres writes them. */
  readTables(): Promise<Record<keyof typeof COLUMNS, Rows>>;
  drop(): Promise<void>;
}

interface Connection {
  script(sql: string): Promise<unknown>;
  query(sql: string): Promise<Rows>;
  close(): Promise<void>;
}

/** Makes a database as the code of ed0ef73 left it, or an empty one in the same place. */
export async function restore(engine: Engine, content?: "empty"): Promise<RestoredDatabase> {
  const { options, connect, drop } = engine === "postgres" ? await placeOnServer() : await placeInDirectory();
  const files = [...MIGRATIONS.map((name) => `../../sql/${name}.sql`), "before-0004.sql"];
  const scripts = await Promise.all(files.map((file) => readFile(new URL(file, import.meta.url), "utf8")));
  await use(connect, async ({ script }) => {
    if (content === "empty") return;
    await script("CREATE SCHEMA credits");
    await script(
      "CREATE TABLE credits.migrations (id integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)",
    );
    for (const sql of scripts) await script(sql);
  });
  return {
    options,
    drop,
    readTables: () =>
      use(connect, async ({ query }) => ({
        entries: await query(toSelect("entries")),
        holds: await query(toSelect("holds")),
      })),
  };
}

function toSelect(table: keyof typeof COLUMNS): string {
  const columns = COLUMNS[table].map((name) => `t.${name}::text AS ${name}`);
  const key = table === "entries" ? "t.seq" : 't.hold COLLATE "C"';
  return `SELECT ${columns.join(", ")} FROM credits.${table} t ORDER BY t.account COLLATE "C", ${key}`;
}

async function use<R>(connect: () => Promise<Connection>, work: (connection: Connection) => Promise<R>) {
  const connection = await connect();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

async function placeOnServer() {
  const { url, drop } = await createHostileDatabase("before_0004");
  const connect = async (): Promise<Connection> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(toSetting(STATED, "session"));
    return {
      script: (sql) => client.query(sql),
      query: async (sql) => (await client.query(sql)).rows,
      close: () => client.end(),
    };
  };
  return { options: { url }, connect, drop };
}

async function placeInDirectory() {
  const dataDir = await mkdtemp(path.join(tmpdir(), "before-0004-"));
  const connect = async (): Promise<Connection> => {
    const database = await PGlite.create({ dataDir: path.join(dataDir, "postgres") });
    await database.exec("SET TimeZone = 'UTC'");
    return {
      script: (sql) => database.exec(sql),
      query: async (sql) => (await database.query<Rows[number]>(sql)).rows,
      close: () => database.close(),
    };
  };
  return { options: { dataDir }, connect, drop: () => rm(dataDir, { recursive: true, force: true }) };
}
