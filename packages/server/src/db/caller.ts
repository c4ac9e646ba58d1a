import { formatInstant, type Instant } from "../core/instant.js";
import { cacheConversion } from "./conversion.js";
import { TRANSACTION_ENDED } from "./errors.js";
import { createNaming } from "./naming.js";
import { isSqlArray, type Parameter, type Reader } from "./port.js";
import { parseTimestamp } from "./types.js";

/*
 * Statements inside a transaction of the application. Its client may be of any driver, with any parsers, and its session
 * may have any settings. So each parameter is sent as a string, and each row comes back as one: a JSON object whose values
 * are strings, or null.
 */

/** A client with a transaction of the application. A client of `pg` is one. */
export interface TransactionClient {
  /** Runs a statement with parameters `$1`, `$2`, ... in the transaction. They are strings or null. */
  query(text: string, values: (string | null)[]): PromiseLike<{ readonly rows: readonly unknown[] }>;
}

/**
 * Makes a reader, which also writes, of the transaction that a client of the application is in. A write fails, and writes
 * nothing, if it comes in another transaction: the application may have ended the first one while a call was at work.
 */
export function createCallerReader(client: TransactionClient, schema: string): Reader {
  const name = createNaming(schema);
  let transaction: Promise<string> | null = null;

  async function run<Row extends object>(sql: string, values: (string | null)[]): Promise<Row[]> {
    const { rows } = await client.query(name(toPortable(sql)), values);
    return (rows as { record?: string }[]).flatMap(({ record }) =>
      record === undefined ? [] : (fromRecord(JSON.parse(record)) as Row),
    );
  }

  /** Reads the id of the transaction, once. */
  function readTransaction(): Promise<string> {
    transaction ??= run<{ id: string }>(TRANSACTION, []).then(
      ([row]) => row?.id as string,
      (error) => {
        transaction = null;
        throw error;
      },
    );
    return transaction;
  }

  return {
    schema,
    async query(sql, params = []) {
      const id = await readTransaction();
      const values = params.map(toStringValue);
      return run(sql, isWrite(sql) ? [...values, id] : values);
    },
  };
}

/** Makes the id of the transaction, which it has from the start otherwise only if it has written. */
const TRANSACTION = "SELECT pg_catalog.pg_current_xact_id()::text AS id";

const toVerb = (sql: string) => sql.trimStart().split(/\s/, 1)[0];
const isWrite = (sql: string) => toVerb(sql) !== "SELECT";

/** Returns a statement that takes strings and returns records as JSON. One that writes takes the transaction's id at the end. */
const toPortable = cacheConversion((sql) =>
  toRecords(
    sql
      .replace(
        /(\$\d+)::(\w+)\[\]/g,
        "ARRAY(SELECT e::$2 FROM pg_catalog.json_array_elements_text($1::text::json) AS e)",
      )
      .replace(/(\$\d+)::(?!text)(\w+)/g, "$1::text::$2"),
  ),
);

const RECORD = `SELECT (
    SELECT pg_catalog.json_object_agg(c.key, c.value) FROM pg_catalog.json_each_text(pg_catalog.row_to_json(r)) AS c
  )::text AS record`;

/** Returns a statement with its rows as records. A batch is written by a WITH clause, and returns none. */
function toRecords(sql: string): string {
  if (!isWrite(sql)) return `${RECORD} FROM (${sql}) r`;
  const last = Math.max(...[...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const isOther = `pg_catalog.pg_current_xact_id_if_assigned()::text IS DISTINCT FROM $${last + 1}::text`;
  const fail = `credits.fail('${TRANSACTION_ENDED}', NULL)`;
  if (toVerb(sql) === "WITH") return `${sql} UNION ALL SELECT ${fail} WHERE ${isOther}`;
  return `WITH r AS (${sql}) ${RECORD} FROM r WHERE CASE WHEN ${isOther} THEN ${fail} IS NULL ELSE true END`;
}

function toStringValue(param: Parameter): string | null {
  if (param === null) return null;
  if (isSqlArray(param)) {
    const { array, records, value } = param;
    return JSON.stringify(records.map((record) => toElement(array, value(record as never))));
  }
  if (typeof param !== "object") return String(param);
  return JSON.stringify(param.map((element) => toElement("text", element)));
}

type Scalar = Extract<Parameter, string | number | bigint | boolean | null>;

function toElement(type: string, element: Scalar): string | null {
  if (element === null) return null;
  if (type === "bytea") return `\\x${element}`;
  return type === "timestamptz" ? formatInstant(element as Instant) : String(element);
}

/** Returns a row as the port does. */
function fromRecord(record: Readonly<Record<string, string | null>>): object {
  return Object.fromEntries(
    Object.entries(record).map(([column, string]) => [
      column,
      string === null ? null : PARSERS[toColumnType(column)](string),
    ]),
  );
}

const PARSERS = {
  text: (string: string) => string,
  /** The name `remaining` is that of a number, and that of JSON about an account's grants. */
  bigint: (string: string) => (string.startsWith("{") ? string : BigInt(string)),
  bigints: (string: string) => (string === "[]" ? [] : string.slice(1, -1).split(",").map(BigInt)),
  number: Number,
  boolean: (string: string) => string === "true",
  timestamptz: (string: string) => parseTimestamp(string.replace("T", " ")),
  bytea: toHex,
  json: (string: string) => JSON.parse(string),
} satisfies Record<string, (string: string) => unknown>;

type ColumnType = keyof typeof PARSERS;

const NAMES: readonly (readonly [type: ColumnType, names: RegExp])[] = [
  ["timestamptz", /_(?:at|until|before)$/],
  ["bytea", /^(?:digest|salt|value)$|(?:^|_)(?:hash|fingerprint)$/],
  ["json", /^(?:metadata|private_metadata|quantities|only_kinds)$/],
  ["boolean", /^(?:estimated|has_held|created)$/],
  ["number", /^(?:version|priority|discount)$/],
  ["bigints", /^(?:draw|reserve)_(?:grants|credits)$/],
  [
    "bigint",
    /^(?:balance|change|changes|cost|credits|original_credits|overdraft_limit|debt|held|holds|pending|entries|extensions|number|position|category_position|refunded|refund_of|remaining|drawn_grant|drawn_remaining)$|(?:^|_)seq$|^rows_/,
  ],
];

/** Returns the type of a column of the ledger by its name. */
export function toColumnType(column: string): ColumnType {
  return NAMES.find(([, names]) => names.test(column))?.[0] ?? "text";
}

/** Returns a bytea in hex, from either of PostgreSQL's formats. */
function toHex(string: string): string {
  if (string.startsWith("\\x")) return string.slice(2);
  const bytes = string.replace(/\\(\\|\d{3})/g, (_, escaped: string) =>
    escaped === "\\" ? "\\" : String.fromCharCode(Number.parseInt(escaped, 8)),
  );
  return Buffer.from(bytes, "latin1").toString("hex");
}
