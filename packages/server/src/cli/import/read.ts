import { createReadStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import { CommandError } from "../open.js";

/** One line of a file: what it says, or why it can't be read. */
export type Line =
  | { readonly number: number; readonly record: Readonly<Record<string, unknown>>; readonly problem: null }
  | { readonly number: number; readonly record: null; readonly problem: string };

export type Format = "csv" | "ndjson";

/** The format a file's name speaks of. */
export function formatOf(file: string, given: string | undefined): Format {
  const format = given ?? path.extname(file).slice(1).toLowerCase();
  if (format === "csv") return "csv";
  if (format === "ndjson" || format === "jsonl") return "ndjson";
  throw new CommandError(`"${file}" does not say its format by its name. Give --format csv or ndjson.`);
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
      bad.push({ number: line ?? 0, record: null, problem: error?.message ?? "can't be read" });
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
    yield { number: info.lines, record, problem: null };
  }
  yield* bad;
}

async function* readNdjson(file: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++;
    // A byte order mark is white space to trim, and no JSON.
    const json = text.trim();
    if (json !== "") yield parseLine(number, json);
  }
}

function parseLine(number: number, text: string): Line {
  try {
    const record: unknown = JSON.parse(text);
    if (record === null || typeof record !== "object" || Array.isArray(record)) {
      return { number, record: null, problem: "is not a JSON object" };
    }
    return { number, record: record as Record<string, unknown>, problem: null };
  } catch (error) {
    return { number, record: null, problem: `is not JSON: ${(error as Error).message}` };
  }
}
