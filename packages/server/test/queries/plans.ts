import pg from "pg";
import {
  type Connection,
  type Database,
  isSqlArray,
  type Parameter,
  type Reader,
  type SqlArray,
} from "../../src/db/port.js";

/** A statement as it was sent. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly Parameter[];
}

/** The part of a plan's node, as EXPLAIN returns it, that is checked. */
export interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Sort Key"?: readonly string[];
  readonly "Subplan Name"?: string;
  readonly Operation?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Shared Hit Blocks"?: number;
  readonly "Shared Read Blocks"?: number;
  readonly Plans?: readonly Node[];
}

/** Returns a database that records the statements sent to it. */
export function toRecorder(database: Database): { database: Database; statements: Statement[] } {
  const statements: Statement[] = [];
  const toQuery = (reader: Reader): Reader["query"] => {
    return (sql, params) => {
      statements.push({ sql, params: params ?? [] });
      return reader.query(sql, params);
    };
  };
  const toConnection = (connection: Connection): Connection => ({
    ...connection,
    query: toQuery(connection),
  });
  const recorder: Database = {
    ...database,
    query: toQuery(database),
    write: (sql, params) => {
      statements.push({ sql, params: params ?? [] });
      return database.write(sql, params);
    },
    transaction: (mode, work) => database.transaction(mode, (connection) => work(toConnection(connection))),
  };
  return { database: recorder, statements };
}

/** The planning of a statement: for its parameters, or, as after some runs of a prepared one, for any. */
export type Planning = "force_custom_plan" | "force_generic_plan";

/** Explains a statement that reads, on a connection that reads, with what running it took. */
export function explainRead(database: Database, statement: Statement, planning: Planning): Promise<Node> {
  return database.transaction("snapshot", async (connection) => {
    await connection.query(`SET LOCAL plan_cache_mode = ${planning}`);
    // A snapshot may read whole tables. The connections that read pages may not.
    for (const kind of ["seqscan", "bitmapscan"]) await connection.query(`SET LOCAL enable_${kind} = off`);
    return explain(connection, statement, "ANALYZE, BUFFERS, FORMAT JSON");
  });
}

/** Explains a statement that writes, as a connection that writes plans it. */
export function explainWrite(database: Database, statement: Statement): Promise<Node> {
  return database.transaction("write", (connection) => explain(connection, statement, "FORMAT JSON"));
}

async function explain(connection: Connection, { sql, params }: Statement, options: string): Promise<Node> {
  const values = params.length === 0 ? "" : `(${params.map(literal).join(", ")})`;
  await connection.query(`PREPARE explained AS ${sql}`);
  const [row] = await connection.query<{ "QUERY PLAN": { Plan: Node }[] }>(
    `EXPLAIN (${options}) EXECUTE explained${values}`,
  );
  await connection.query("DEALLOCATE explained");
  const plan = row?.["QUERY PLAN"][0]?.Plan;
  if (plan === undefined) throw new Error("The server returned no plan.");
  return plan;
}

function literal(param: Parameter): string {
  if (param === null) return "NULL";
  if (isSqlArray(param))
    return arrayLiteral(
      param.records.map((record) => param.value(record as never)),
      param.array,
    );
  return Array.isArray(param) ? arrayLiteral(param) : pg.escapeLiteral(String(param));
}

function arrayLiteral(values: readonly unknown[], type?: SqlArray["array"]): string {
  return pg.escapeLiteral(`{${values.map((value) => toElement(value, type)).join(",")}}`);
}

function toElement(value: unknown, type: SqlArray["array"] | undefined): string {
  if (value === null) return "NULL";
  if (type === "timestamptz") return JSON.stringify(new Date(Number(value) / 1000));
  return JSON.stringify(type === "bytea" ? `\\x${value}` : String(value));
}

/** Returns a plan's nodes, each before those beneath it. */
export function toNodes(plan: Node): Node[] {
  return [plan, ...(plan.Plans ?? []).flatMap(toNodes)];
}

/** Formats a plan, for a person to read when a test fails. */
export function formatPlan(plan: Node, depth = 0): string {
  const facts = [
    plan["Node Type"],
    plan["Relation Name"],
    plan["Index Name"],
    plan["Index Cond"],
    plan["Sort Key"]?.join(", "),
    plan["Actual Rows"] === undefined ? undefined : `read ${toRowsRead(plan)}`,
  ];
  const text = `${"  ".repeat(depth)}${facts.filter((fact) => fact !== undefined).join(" | ")}`;
  return [text, ...(plan.Plans ?? []).map((child) => formatPlan(child, depth + 1))].join("\n");
}

/** Returns the number of rows that a node read in all its loops, also those that it dropped. */
export function toRowsRead(node: Node): number {
  const removed = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  return Math.ceil(((node["Actual Rows"] ?? 0) + removed) * (node["Actual Loops"] ?? 1));
}

/** Returns the number of blocks that a plan touched, in memory or on disk. */
export function toBlocksTouched(plan: Node): number {
  return (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
}
