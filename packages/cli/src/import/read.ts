import { createReadStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import { CommandError } from "../open.js";

type Values = Readonly<Record<string, unknown>>;

/** The content of a line by column. */
export interface LineContent {
  readonly record: Values;
  /** The same with numbers that JavaScript might round as strings, as they stand in the file. */
  readonly exact: Values;
}

/** A line of a file: its content, or the reason why it can't be read. */
export type Line =
  | { readonly number: number; readonly content: LineContent; readonly problem: null }
  | { readonly number: number; readonly content: null; readonly problem: string };

export type Format = "csv" | "ndjson";

/**
 * Returns the format of a file: the given one, or that of its extension.
 *
 * @throws CommandError if neither is a known format
 */
export function toFormat(file: string, given: string | undefined): Format {
  const format = given ?? path.extname(file).slice(1).toLowerCase();
  if (format === "csv") return "csv";
  if (format === "ndjson" || format === "jsonl") return "ndjson";
  throw new CommandError(`The format of "${file}" is unknown. Set --format csv or ndjson.`);
}

/** Reads a file line by line, without holding it in memory. */
export function readLines(file: string, format: Format): AsyncIterable<Line> {
  return format === "csv" ? readCsv(file) : readNdjson(file);
}

async function* readCsv(file: string): AsyncGenerator<Line> {
  const bad: Line[] = [];
  const parser = parse({
    bom: true,
    columns: (header: string[]) => header.map((name) => name.trim()),
    info: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      const line = (error as unknown as { lines?: number } | undefined)?.lines;
      bad.push({ number: line ?? 0, content: null, problem: error?.message ?? "can't be read" });
      return undefined;
    },
  });
  const input = createReadStream(file);
  input.on("error", (error) => parser.destroy(error));
  input.pipe(parser);
  for await (const { record, info } of parser as AsyncIterable<{
    record: Record<string, string>;
    info: { lines: number };
  }>) {
    yield* bad.splice(0);
    yield { number: info.lines, content: { record, exact: record }, problem: null };
  }
  yield* bad;
}

async function* readNdjson(file: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++;
    // A byte order mark counts as white space, and is not JSON.
    const json = line.trim();
    if (json !== "") yield parseLine(number, json);
  }
}

function parseLine(number: number, json: string): Line {
  try {
    const record: unknown = JSON.parse(json);
    if (record === null || typeof record !== "object" || Array.isArray(record)) {
      return { number, content: null, problem: "is not a JSON object" };
    }
    return {
      number,
      content: { record: record as Values, exact: toExact(json, record as Values) },
      problem: null,
    };
  } catch (error) {
    return { number, content: null, problem: `is not JSON: ${(error as Error).message}` };
  }
}

/** Matches the strings and the numbers of JSON, so that digits in strings are passed over. */
const TOKENS = /"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*/g;

/** The digits that a number of JavaScript always keeps. */
const KEPT_DIGITS = 15;

/** Returns the values of a JSON object, whose numbers of more digits are strings. */
function toExact(json: string, record: Values): Values {
  let isRounded = false;
  const exact = json.replace(TOKENS, (token) => {
    if (token.startsWith('"') || token.length <= KEPT_DIGITS) return token;
    isRounded = true;
    return `"${token}"`;
  });
  return isRounded ? (JSON.parse(exact) as Values) : record;
}
