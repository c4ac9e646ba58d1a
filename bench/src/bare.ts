/** Runs a query. Its result has rows by the names of their columns. */
export type Query = (text: string, values?: unknown[]) => Promise<{ rows: Record<string, string | null>[] }>;

/** The rows of one INSERT, ready to be sent. */
export interface RowBatch {
  readonly count: number;
  /** One array per column, as Postgres writes it. */
  readonly parameters: readonly (string | null)[];
}

/** The primary key of an entry. */
export interface Place {
  readonly account: string;
  readonly seq: number;
}

/**
 * A copy of the table of entries with its columns, checks and indexes, and nothing else. The columns are read from the
 * database, so it measures the entries as the ledger writes them.
 */
export interface BareEntries {
  /** Inserts the rows of its parameters, which are one array per column. */
  readonly insert: string;
  /** Reads entries as the ledger wrote them, in batches of one INSERT each. */
  read(places: readonly Place[]): Promise<RowBatch[]>;
}

/** The rows per INSERT: as many as the ledger's batches have. */
const ROWS_PER_INSERT = 1_000;

const COLUMNS = `
  SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
  WHERE attrelid = 'credits.entries'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
  ORDER BY attnum`;

/** Creates an empty table in the schema `bare`. */
export async function createBareEntries(query: Query, table: string): Promise<BareEntries> {
  await query("CREATE SCHEMA IF NOT EXISTS bare");
  await query(`CREATE TABLE bare.${table} (LIKE credits.entries INCLUDING ALL)`);
  const columns = (await query(COLUMNS)).rows.map(({ name, type }) => ({
    name: name ?? "",
    type: type ?? "",
  }));
  const select = toSelect(columns.map(({ name }) => name));
  return {
    insert: toInsert(table, columns),
    read: async (places) => {
      const batches: RowBatch[] = [];
      for (let first = 0; first < places.length; first += ROWS_PER_INSERT) {
        const part = places.slice(first, first + ROWS_PER_INSERT);
        const parameters = [part.map(({ account }) => account), part.map(({ seq }) => seq)];
        const [{ found, ...values } = {}] = (await query(select, parameters)).rows;
        if (Number(found) !== part.length) throw new Error(`${found} of ${part.length} entries were found.`);
        batches.push({ count: part.length, parameters: Object.values(values) });
      }
      return batches;
    },
  };
}

/** Returns a query with one row. It has each column as an array in text, which the INSERT takes without a change. */
function toSelect(names: readonly string[]): string {
  return `SELECT ${names.map((name) => `array_agg(${name}::text)::text AS ${name}`).join(", ")}, count(*)::text AS found
    FROM (SELECT e.* FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS place (account, seq, nth)
      JOIN credits.entries e USING (account, seq) ORDER BY nth) rows`;
}

/** Returns the INSERT. `unnest` flattens arrays of arrays, so columns that are arrays are sent as text. */
function toInsert(table: string, columns: readonly { name: string; type: string }[]): string {
  const names = columns.map(({ name }) => name).join(", ");
  const isArray = (type: string) => type.endsWith("[]");
  const parameters = columns.map(({ type }, at) => `$${at + 1}::${isArray(type) ? "text" : type}[]`);
  const values = columns.map(({ name, type }) => (isArray(type) ? `${name}::${type}` : name));
  return `INSERT INTO bare.${table} (${names}) SELECT ${values.join(", ")}
    FROM unnest(${parameters.join(", ")}) AS rows (${names})`;
}
