import { type Amount, fromMicros, toMicros, type UsageEvent } from "@credit-activity/client";
import { sha256 } from "../../core/chain.js";
import { formatInstant, parseInstant } from "../../core/instant.js";
import { AMOUNTS, type Field, type Mapping } from "./mapping.js";

/** A line can't become an event. The message continues a sentence that begins with the line's number. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/** The content of a line by column. */
export type LineRecord = Readonly<Record<string, unknown>>;

/** Returns the value of a field, or null if it is empty or has no column. */
type ReadField = (field: Field) => string | null;

/**
 * Converts a line to an event.
 *
 * @param counts the number of earlier lines by the digest of their content. The call counts this line in.
 * @throws LineError if a column is missing or its value is not valid
 */
export function toEvent(record: LineRecord, mapping: Mapping, counts: Map<string, number>): UsageEvent {
  const read: ReadField = (field) => readField(record, mapping.columns[field]);
  const source = read("source") ?? mapping.source;
  const time = read("time");
  const account = read("account") ?? mapping.account;
  if (account === null) throw new LineError("has no account");
  return {
    id: read("id") ?? toId(record, mapping.batch, counts),
    account,
    kind: read("kind") ?? mapping.kind,
    credits: fromMicros(readCredits(read, mapping)),
    ...readAmounts(read),
    source: source === null ? null : { type: mapping.sourceType, label: source },
    project: read("project") ?? mapping.project,
    member: read("member"),
    task: read("task"),
    description: read("description") ?? mapping.description,
    occurredAt: time === null ? null : toTime(time),
  };
}

function readField(record: LineRecord, column: string | undefined): string | null {
  if (column === undefined) return null;
  const value = Object.hasOwn(record, column) ? record[column] : undefined;
  if (value === undefined) throw new LineError(`has no column "${column}"`);
  if (value === null || value === "") return null;
  if (typeof value === "object") {
    throw new LineError(`has an object or array in column "${column}"; write a string or number`);
  }
  if (isRounded(value)) {
    throw new LineError(
      `has a number of more than ${EXACT_DIGITS} digits in column "${column}", which JSON rounds; write it as a string`,
    );
  }
  return String(value);
}

/** The digits that a JSON number keeps. */
const EXACT_DIGITS = 15;

function isRounded(value: unknown): boolean {
  return typeof value === "number" && String(value).replaceAll(/\D/g, "").length > EXACT_DIGITS;
}

/**
 * Returns the id of a line without an id column: the batch, a digest of the line, and the number of equal lines before it.
 * Each line of a file so counts once, however often the file is imported. The form of the id must not change.
 */
function toId(record: LineRecord, batch: string | null, counts: Map<string, number>): string {
  const digest = sha256(JSON.stringify(record)).slice(0, 32);
  const count = counts.get(digest) ?? 0;
  counts.set(digest, count + 1);
  return `import:${batch === null ? "" : `${batch}:`}${digest}:${count}`;
}

/** Converts a time to RFC 3339. One without a zone is in UTC. */
function toTime(time: string): string {
  const isZoned = /(?:[Zz]|[+-]\d{2}:\d{2})$/.test(time);
  try {
    return formatInstant(parseInstant(isZoned ? time : `${time}Z`));
  } catch (error) {
    throw new LineError((error as Error).message);
  }
}

function parseAmount(value: string): bigint {
  try {
    return toMicros(value as Amount);
  } catch (error) {
    throw new LineError((error as Error).message);
  }
}

function readAmounts(read: ReadField): Partial<Record<(typeof AMOUNTS)[number], Amount | null>> {
  const toAmount = (field: Field) => {
    const value = read(field);
    return value === null ? null : fromMicros(parseAmount(value));
  };
  return Object.fromEntries(AMOUNTS.map((field) => [field, toAmount(field)]));
}

/** Returns the credits of a line in micro-credits. Those of tokens are rounded half up, once. */
function readCredits(read: ReadField, { columns, inputRate, outputRate }: Mapping): bigint {
  if (columns.credits !== undefined) return parseAmount(read("credits") ?? "");
  const perThousand =
    readTokens(read, "input") * (inputRate ?? 0n) + readTokens(read, "output") * (outputRate ?? 0n);
  return (perThousand + 500n) / 1000n;
}

function readTokens(read: ReadField, field: "input" | "output"): bigint {
  const value = read(field) ?? "0";
  if (/^\d{1,15}$/.test(value)) return BigInt(value);
  throw new LineError(`"${value}" is not a number of ${field} tokens; write a whole number, 0 or more`);
}
