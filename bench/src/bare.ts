/** A query with its parameters; what it answers is rows by the names of their columns. */
export type Query = (text: string, values?: unknown[]) => Promise<{ rows: Record<string, string | null>[] }>;

/** The lines of one INSERT, ready to be sent. */
export interface Lines {
  readonly count: number;
  /** One array a column, in Postgres's text form. */
  readonly parameters: readonly (string | null)[];
}

/** Where a line is: its account and its number there. */
export interface Place {
  readonly account: string;
  readonly seq: number;
}

/**
 * A copy of the table of entries with its columns, checks and indexes, and nothing else. It takes the columns as it finds
 * them, so that it measures whatever the ledger's entries are at present.
 */
export interface BareEntries {
  /** Inserts as many lines as its parameters, one array a column, have elements. */
  readonly insert: string;
  /** The entries at these places as the ledger wrote them, in parts of one INSERT each. */
  lines(places: readonly Place[]): Promise<Lines[]>;
}

/** How many lines one INSERT carries: as many as the ledger's batches. */
const lines_per_insert = 1_000;

const COLUMNS = `
  SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
  WHERE attrelid = 'credits.entries'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
  ORDER BY attnum`;

/** Makes an empty table of the given name in the schema `bare`. */
export async function createBareEntries(query: Query, table: string): Promise<BareEntries> {
  await query("CREATE SCHEMA IF NOT EXISTS bare");
  await query(`CREATE TABLE bare.${table} (LIKE credits.entries INCLUDING ALL)`);
  const columns = (await query(COLUMNS)).rows.map(({ name, type }) => ({
    name: name ?? "",
    type: type ?? "",
  }));
  const select = selectLines(columns.map(({ name }) => name));
  return {
    insert: insertLines(table, columns),
    lines: async (places) => {
      const parts: Lines[] = [];
      for (let first = 0; first < places.length; first += lines_per_insert) {
        const part = places.slice(first, first + lines_per_insert);
        const parameters = [part.map(({ account }) => account), part.map(({ seq }) => seq)];
        const [{ found, ...values } = {}] = (await query(select, parameters)).rows;
        if (Number(found) !== part.length) throw new Error(`${found} of ${part.length} entries were found.`);
        parts.push({ count: part.length, parameters: Object.values(values) });
      }
      return parts;
    },
  };
}

/** Answers one row: each column of the lines as one array in text, which the INSERT takes as it is. */
function selectLines(names: readonly string[]): string {
  return `SELECT ${names.map((name) => `array_agg(${name}::text)::text AS ${name}`).join(", ")}, count(*)::text AS found
    FROM (SELECT line.* FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS place (account, seq, nth)
      JOIN credits.entries line USING (account, seq) ORDER BY nth) lines`;
}

/** Arrays of arrays would be one array to `unnest`, so columns that are arrays travel as text. */
function insertLines(table: string, columns: readonly { name: string; type: string }[]): string {
  const names = columns.map(({ name }) => name).join(", ");
  const isArray = (type: string) => type.endsWith("[]");
  const parameters = columns.map(({ type }, at) => `$${at + 1}::${isArray(type) ? "text" : type}[]`);
  const values = columns.map(({ name, type }) => (isArray(type) ? `${name}::${type}` : name));
  return `INSERT INTO bare.${table} (${names}) SELECT ${values.join(", ")}
    FROM unnest(${parameters.join(", ")}) AS line (${names})`;
}
