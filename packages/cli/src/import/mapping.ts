import { CommandError } from "../open.js";
import { type Decimal, parseDecimal } from "./decimal.js";

/** The fields of an event that columns can hold. */
export const FIELDS = [
  "time",
  "credits",
  "originalCredits",
  "input",
  "output",
  "id",
  "account",
  "kind",
  "source",
  "project",
  "member",
  "task",
  "description",
] as const;
export type Field = (typeof FIELDS)[number];

/** The rules that make usage events of lines. */
export interface Mapping {
  readonly columns: Readonly<Partial<Record<Field, string>>>;
  readonly account: string | null;
  readonly kind: string;
  readonly source: string | null;
  readonly sourceType: string;
  readonly project: string | null;
  readonly description: string | null;
  readonly batch: string | null;
  /** Credits per 1,000 tokens. */
  readonly inputRate: Decimal | null;
  readonly outputRate: Decimal | null;
}

/** The options of the command line that make a mapping. */
export interface MappingFlags {
  readonly account?: string;
  readonly map?: string;
  readonly kind: string;
  readonly source?: string;
  readonly sourceType: string;
  readonly project?: string;
  readonly description?: string;
  readonly batch?: string;
  readonly inputRate?: string;
  readonly outputRate?: string;
}

/**
 * Converts the options to a mapping.
 *
 * @throws CommandError if an option is not valid, or none gives the account or the credits
 */
export function toMapping(flags: MappingFlags): Mapping {
  const columns = parseColumns(flags.map ?? "");
  const mapping: Mapping = {
    columns,
    account: flags.account ?? null,
    kind: flags.kind,
    source: flags.source ?? null,
    sourceType: flags.sourceType,
    project: flags.project ?? null,
    description: flags.description ?? null,
    batch: flags.batch ?? null,
    inputRate: parseRate("--input-rate", flags.inputRate),
    outputRate: parseRate("--output-rate", flags.outputRate),
  };
  if (mapping.account === null && columns.account === undefined) {
    throw new CommandError("The account is missing. Set --account <id>, or --map account=<column>.");
  }
  const byTokens =
    (columns.input !== undefined && mapping.inputRate !== null) ||
    (columns.output !== undefined && mapping.outputRate !== null);
  if (columns.credits === undefined && !byTokens) {
    throw new CommandError(
      "The cost of a line is missing. Set --map credits=<column>, or --map input=<column>,output=<column> with --input-rate and --output-rate.",
    );
  }
  requirePair("input", columns, mapping.inputRate);
  requirePair("output", columns, mapping.outputRate);
  return mapping;
}

/** Refuses a rate without its column, and a column of tokens that would cost nothing. */
function requirePair(name: "input" | "output", columns: Mapping["columns"], rate: Decimal | null): void {
  if (columns.credits !== undefined) {
    if (rate === null) return;
    throw new CommandError(
      `--${name}-rate can't be used with --map credits=<column>. Leave one of them out.`,
    );
  }
  if (columns[name] === undefined && rate !== null)
    throw new CommandError(
      `--${name}-rate has no column. Set --map ${name}=<column>, or leave the rate out.`,
    );
  if (columns[name] !== undefined && rate === null)
    throw new CommandError(`The rate of the column "${columns[name]}" is missing. Set --${name}-rate.`);
}

function parseRate(option: string, value: string | undefined): Decimal | null {
  if (value === undefined) return null;
  const rate = parseDecimal(value);
  if (rate === null) throw new CommandError(`${option} "${value}" is not an amount. Write it as 0.003.`);
  if (rate.units < 0n) throw new CommandError(`${option} can't be negative. Use 0 or more.`);
  return rate;
}

function parseColumns(map: string): Mapping["columns"] {
  const columns: Partial<Record<Field, string>> = {};
  for (const pair of map.split(",").filter((part) => part.trim() !== "")) {
    const [field, column] = pair.split("=").map((part) => part.trim());
    if (!FIELDS.includes(field as Field) || column === undefined || column === "") {
      throw new CommandError(
        `"${pair}" in --map is not <field>=<column>. Use one of the fields ${FIELDS.join(", ")}.`,
      );
    }
    columns[field as Field] = column;
  }
  return columns;
}
