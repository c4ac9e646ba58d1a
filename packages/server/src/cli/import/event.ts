import type { UsageEvent, UsageKind } from "@credit-activity/client";
import { formatCredits, parseCredits } from "../../ledger/credits.js";
import { sha256 } from "../../ledger/digest.js";
import { formatInstant, parseInstant } from "../../ledger/instant.js";
import { CommandError } from "../open.js";

/** What a column can hold. */
const FIELDS = [
  "time",
  "credits",
  "original_credits",
  "input",
  "output",
  "id",
  "account",
  "kind",
  "source",
  "project",
  "description",
] as const;
type Field = (typeof FIELDS)[number];

/** How lines become usage events. */
export interface Mapping {
  readonly columns: Readonly<Partial<Record<Field, string>>>;
  readonly account: string | null;
  readonly kind: string;
  readonly source: string | null;
  readonly sourceType: string;
  readonly project: string | null;
  readonly description: string | null;
  readonly batch: string | null;
  /** Micro-credits per 1,000 tokens. */
  readonly inputRate: bigint | null;
  readonly outputRate: bigint | null;
}

/** Options that say how to map, as the command line gives them. */
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
 * Reads the mapping options.
 *
 * @throws CommandError when they do not say where the account and the credits come from
 */
export function mappingOf(flags: MappingFlags): Mapping {
  const columns = columnsOf(flags.map ?? "");
  const mapping: Mapping = {
    columns,
    account: flags.account ?? null,
    kind: flags.kind,
    source: flags.source ?? null,
    sourceType: flags.sourceType,
    project: flags.project ?? null,
    description: flags.description ?? null,
    batch: flags.batch ?? null,
    inputRate: rateOf("--input-rate", flags.inputRate),
    outputRate: rateOf("--output-rate", flags.outputRate),
  };
  if (mapping.account === null && columns.account === undefined) {
    throw new CommandError("Say whose usage it is: --account <id>, or --map account=<column>.");
  }
  const byTokens =
    (columns.input !== undefined && mapping.inputRate !== null) ||
    (columns.output !== undefined && mapping.outputRate !== null);
  if (columns.credits === undefined && !byTokens) {
    throw new CommandError(
      "Say what each line costs: --map credits=<column>, or --map input=<column>,output=<column> with --input-rate and --output-rate.",
    );
  }
  return mapping;
}

function rateOf(option: string, text: string | undefined): bigint | null {
  if (text === undefined) return null;
  let rate: bigint;
  try {
    rate = parseCredits(text);
  } catch (error) {
    throw new CommandError(`${option}: ${(error as Error).message}`);
  }
  if (rate < 0n) throw new CommandError(`${option} can't be negative.`);
  return rate;
}

function columnsOf(text: string): Mapping["columns"] {
  const columns: Partial<Record<Field, string>> = {};
  for (const pair of text.split(",").filter((part) => part.trim() !== "")) {
    const [field, column] = pair.split("=").map((part) => part.trim());
    if (!FIELDS.includes(field as Field) || column === undefined || column === "") {
      throw new CommandError(
        `"${pair}" in --map is not <field>=<column>. The fields are: ${FIELDS.join(", ")}.`,
      );
    }
    columns[field as Field] = column;
  }
  return columns;
}

/** Why a line can't become an event. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/**
 * Makes the event of a line. Without a column for its id, the id is made of the batch's name, a digest of the line and
 * how often the same line came before it in the file, so that the same file posts each of its lines once, however often
 * it is imported.
 *
 * @param nth how many lines with this content came before, by digest; changed by the call
 * @throws LineError when a column is missing or does not hold what it should
 */
export function eventOf(
  record: Readonly<Record<string, unknown>>,
  mapping: Mapping,
  nth: Map<string, number>,
): UsageEvent {
  const text = (field: Field): string | null => {
    const column = mapping.columns[field];
    if (column === undefined) return null;
    const value = Object.hasOwn(record, column) ? record[column] : undefined;
    if (value === undefined) throw new LineError(`has no column "${column}"`);
    if (value === null || value === "") return null;
    if (typeof value === "object") throw new LineError(`has no plain value in column "${column}"`);
    if (isRounded(value)) {
      throw new LineError(
        `has a number of more than ${DIGITS_MAX} digits in column "${column}", which JSON does not keep exactly; write it as a string`,
      );
    }
    return String(value);
  };
  const source = text("source") ?? mapping.source;
  const original = text("original_credits");
  const project = text("project") ?? mapping.project;
  const description = text("description") ?? mapping.description;
  const time = text("time");
  const account = text("account") ?? mapping.account;
  if (account === null) throw new LineError("names no account");
  return {
    id: text("id") ?? idOf(record, mapping.batch, nth),
    account,
    kind: (text("kind") ?? mapping.kind) as UsageKind,
    credits: formatCredits(creditsOf(text, mapping)) as UsageEvent["credits"],
    ...(original === null
      ? {}
      : { original_credits: formatCredits(amountOf(original)) as UsageEvent["credits"] }),
    ...(source === null ? {} : { source: { type: mapping.sourceType, label: source } }),
    ...(project === null ? {} : { project }),
    ...(description === null ? {} : { description }),
    ...(time === null ? {} : { occurred_at: timeOf(time) }),
  };
}

/** How many digits of a JSON number survive being read. */
const DIGITS_MAX = 15;

function isRounded(value: unknown): boolean {
  return typeof value === "number" && String(value).replaceAll(/\D/g, "").length > DIGITS_MAX;
}

function idOf(
  record: Readonly<Record<string, unknown>>,
  batch: string | null,
  nth: Map<string, number>,
): string {
  const digest = sha256(JSON.stringify(record)).slice(0, 32);
  const before = nth.get(digest) ?? 0;
  nth.set(digest, before + 1);
  return `import:${batch === null ? "" : `${batch}:`}${digest}:${before}`;
}

/** A time with a zone, or without one, and then in UTC. */
function timeOf(text: string): string {
  const isZoned = /(?:[Zz]|[+-]\d{2}:\d{2})$/.test(text);
  try {
    return formatInstant(parseInstant(isZoned ? text : `${text}Z`));
  } catch (error) {
    throw new LineError((error as Error).message);
  }
}

function amountOf(text: string): bigint {
  try {
    return parseCredits(text);
  } catch (error) {
    throw new LineError((error as Error).message);
  }
}

function creditsOf(text: (field: Field) => string | null, mapping: Mapping): bigint {
  if (mapping.columns.credits !== undefined) return amountOf(text("credits") ?? "");
  const perThousand =
    tokensOf(text, "input") * (mapping.inputRate ?? 0n) +
    tokensOf(text, "output") * (mapping.outputRate ?? 0n);
  // Half a micro-credit and more is rounded up.
  return (perThousand + 500n) / 1000n;
}

function tokensOf(text: (field: Field) => string | null, field: "input" | "output"): bigint {
  const value = text(field) ?? "0";
  if (!/^\d{1,15}$/.test(value)) {
    throw new LineError(`"${value}" is not a number of ${field} tokens: a whole number of 0 or more`);
  }
  return BigInt(value);
}
