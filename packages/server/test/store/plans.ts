import pg from "pg";
import { isList, listText } from "../../src/store/arrays.js";
import type { Connection, Database } from "../../src/store/database.js";

/** A statement as the store sent it. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** What EXPLAIN says of a node of a plan, as far as it is looked at. */
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

/** A database that remembers what is sent to it: statements, but not lines to copy. */
export function recorder(database: Database): { database: Database; statements: Statement[] } {
  const statements: Statement[] = [];
  const watch = <C extends Connection>(connection: C): C => ({
    ...connection,
    query: (sql, params) => {
      statements.push({ sql, params: params ?? [] });
      return connection.query(sql, params);
    },
    run: (steps) => {
      statements.push(...steps.filter((step) => "sql" in step));
      return connection.run(steps);
    },
  });
  const transaction: Database["transaction"] = (work, mode) =>
    database.transaction((connection) => work(watch(connection)), mode);
  return { database: { ...watch(database), transaction }, statements };
}

/** How a statement is planned: for its parameters, or, as after some runs of a prepared one, for any. */
export type Planning = "force_custom_plan" | "force_generic_plan";

/** The plan of a read statement, on a connection that reads, with what running it took. */
export function explainRead(database: Database, statement: Statement, planning: Planning): Promise<Node> {
  return database.transaction(async (connection) => {
    await connection.query(`SET LOCAL plan_cache_mode = ${planning}`);
    // As on the connections that read pages, which this one, for checks of everything, is not.
    for (const kind of ["seqscan", "bitmapscan"]) await connection.query(`SET LOCAL enable_${kind} = off`);
    return explain(connection, statement, "ANALYZE, BUFFERS, FORMAT JSON");
  }, "read-only snapshot");
}

/** The plan of a statement on a connection that writes, as that connection plans it. */
export function explainWrite(database: Database, statement: Statement): Promise<Node> {
  return database.transaction((connection) => explain(connection, statement, "FORMAT JSON"));
}

async function explain(connection: Connection, { sql, params }: Statement, options: string): Promise<Node> {
  const values = params.length === 0 ? "" : `(${params.map(literal).join(", ")})`;
  await connection.query(`PREPARE explained AS ${sql}`);
  const [row] = await connection.query<{ "QUERY PLAN": { Plan: Node }[] }>(
    `EXPLAIN (${options}) EXECUTE explained${values}`,
  );
  await connection.query("DEALLOCATE explained");
  const plan = row?.["QUERY PLAN"][0]?.Plan;
  if (plan === undefined) throw new Error("The server explained nothing.");
  return plan;
}

function literal(param: unknown): string {
  if (param === null || param === undefined) return "NULL";
  if (isList(param)) return pg.escapeLiteral(listText(param));
  if (Array.isArray(param)) return pg.escapeLiteral(listText({ list: "text", values: param.map(String) }));
  return pg.escapeLiteral(String(param));
}

/** A plan's nodes, each before those beneath it. */
export function nodesOf(plan: Node): Node[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** A plan in a few lines, for a person to read when a test fails. */
export function planText(plan: Node, depth = 0): string {
  const facts = [
    plan["Node Type"],
    plan["Relation Name"],
    plan["Index Name"],
    plan["Index Cond"],
    plan["Sort Key"]?.join(", "),
    plan["Actual Rows"] === undefined ? undefined : `read ${rowsRead(plan)}`,
  ];
  const line = `${"  ".repeat(depth)}${facts.filter((fact) => fact !== undefined).join(" | ")}`;
  return [line, ...(plan.Plans ?? []).map((child) => planText(child, depth + 1))].join("\n");
}

/** How many rows a node looked at in all its loops, also those it let go again. */
export function rowsRead(node: Node): number {
  const removed = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  return Math.ceil(((node["Actual Rows"] ?? 0) + removed) * (node["Actual Loops"] ?? 1));
}

/** How many blocks a plan touched, in memory or on disk. */
export function blocksTouched(plan: Node): number {
  return (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
}
