import { hash } from "node:crypto";
import { type Amount, fromMicros, isAmount, toTime, type UsageEvent } from "@credit-activity/server";
import { add, type Decimal, multiply, parseDecimal, roundToMicros, ZERO } from "./decimal.js";
import type { DigestCounts } from "./digest-counts.js";
import type { Field, Mapping } from "./mapping.js";
import type { LineContent } from "./read.js";
import type { Remainders } from "./remainders.js";

/** A line can't become an event. The message continues a sentence that begins with the line's number. */
export class LineError extends Error {
  override readonly name = "LineError";
}

/** Returns the value of a field, or null if it is empty or has no column. */
type ReadField = (field: Field) => string | null;

/** The part of a file that was read before. */
export interface Earlier {
  /** The number of lines by the digest of their content. */
  readonly counts: DigestCounts;
  readonly remainders: Remainders;
}

/**
 * Converts a line to an event, and counts it in.
 *
 * @returns null if the line does not reach the next micro-credit, which is then carried to the next line
 * @throws LineError if a column is missing or its value is not valid
 */
export function toEvent(
  { record, exact }: LineContent,
  mapping: Mapping,
  { counts, remainders }: Earlier,
): UsageEvent | null {
  const read: ReadField = (field) => readField(exact, mapping.columns[field]);
  const source = read("source") ?? mapping.source;
  const time = read("time");
  const account = read("account") ?? mapping.account;
  if (account === null) throw new LineError("has no account");
  const id = read("id") ?? toId(record, mapping.batch, counts);
  const exactCredits = readCredits(read, mapping);
  const original = read("originalCredits");
  const event = {
    id,
    account,
    kind: read("kind") ?? mapping.kind,
    source: source === null ? null : { type: mapping.sourceType, label: source },
    project: read("project") ?? mapping.project,
    member: read("member"),
    task: read("task"),
    description: read("description") ?? mapping.description,
    occurredAt: time === null ? null : toUtc(time),
  };
  const originalCredits = original === null ? null : toInRange(roundToMicros(parseAmount(original)));
  // Nothing may throw from here, because the remainder counts the line in.
  const credits = remainders.take(account, exactCredits);
  if (credits === 0n && exactCredits.units > 0n) return null;
  return {
    ...event,
    credits: fromMicros(credits),
    originalCredits: originalCredits === null ? null : fromMicros(toOriginal(originalCredits, credits)),
  };
}

/** Returns the amount before a discount. What earlier lines left may bring the credits of a line above it by one micro-credit. */
function toOriginal(original: bigint, credits: bigint): bigint {
  return original + 1n === credits ? credits : original;
}

function readField(record: LineContent["exact"], column: string | undefined): string | null {
  if (column === undefined) return null;
  const value = Object.hasOwn(record, column) ? record[column] : undefined;
  if (value === undefined) throw new LineError(`has no column "${column}"`);
  if (value === null || value === "") return null;
  if (typeof value === "object") {
    throw new LineError(`has an object or array in column "${column}"; write a string or number`);
  }
  return String(value);
}

/**
 * Returns the id of a line without an id column: the batch, a digest of the line, and the number of equal lines before it.
 * Each line of a file so counts once, however often the file is imported. The form of the id must not change.
 */
function toId(record: LineContent["record"], batch: string | null, counts: DigestCounts): string {
  const digest = hash("sha256", JSON.stringify(record), "hex").slice(0, 32);
  return `import:${batch === null ? "" : `${batch}:`}${digest}:${counts.add(digest)}`;
}

/** Converts a time to RFC 3339. One without a zone is in UTC. */
function toUtc(time: string): string {
  const isZoned = /(?:[Zz]|[+-]\d{2}:\d{2})$/.test(time);
  try {
    return toTime(isZoned ? time : `${time}Z`);
  } catch (error) {
    throw new LineError((error as Error).message);
  }
}

/** Parses an amount exactly, whatever its number of decimals is. */
function parseAmount(value: string): Decimal {
  const amount = parseDecimal(value);
  if (amount === null)
    throw new LineError(`"${value.slice(0, 40)}" is not an amount; write a decimal, such as 12.5 or 3.45e-5`);
  toInRange(roundToMicros(amount));
  return amount;
}

function toInRange(micros: bigint): bigint {
  if (isAmount(fromMicros(micros))) return micros;
  throw new LineError(`has ${fromMicros(micros).slice(0, 40) as Amount} credits, which is out of range`);
}

/** Returns the exact credits of a line. */
function readCredits(read: ReadField, { columns, inputRate, outputRate }: Mapping): Decimal {
  if (columns.credits !== undefined) return parseAmount(read("credits") ?? "");
  const credits = add(
    multiply(inputRate ?? ZERO, readTokens(read, "input"), -3),
    multiply(outputRate ?? ZERO, readTokens(read, "output"), -3),
  );
  toInRange(roundToMicros(credits));
  return credits;
}

function readTokens(read: ReadField, field: "input" | "output"): bigint {
  const value = read(field) ?? "0";
  if (/^\d{1,15}$/.test(value)) return BigInt(value);
  throw new LineError(`"${value}" is not a number of ${field} tokens; write a whole number, 0 or more`);
}
