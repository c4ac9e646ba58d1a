import { stat } from "node:fs/promises";
import type { UsageEvent } from "@credit-activity/client";
import { CommandError, print } from "../open.js";
import { eventOf, LineError, type MappingFlags, mappingOf } from "./event.js";
import { openTarget, type Target, type TargetFlags } from "./post.js";
import { formatOf, type Line, readLines } from "./read.js";

/** How many events one request carries. */
const CHUNK = 1_000;

/** How many refusals and bad lines are told one by one; the rest are only counted. */
const TOLD_MAX = 20;

export type ImportFlags = MappingFlags &
  TargetFlags & { readonly format?: string; readonly skipBadLines: boolean };

interface Tally {
  lines: number;
  posted: number;
  duplicate: number;
  refused: number;
  bad: number;
}

/** An event and the line it came from. */
interface Numbered {
  readonly line: number;
  readonly event: UsageEvent;
}

/** Posts a file of usage. The same file again posts nothing twice, so an import that was stopped is simply run again. */
export async function runImport(file: string, flags: ImportFlags): Promise<void> {
  const mapping = mappingOf(flags);
  const format = formatOf(file, flags.format);
  await checkFile(file);
  const target = await openTarget(flags);
  const tally: Tally = { lines: 0, posted: 0, duplicate: 0, refused: 0, bad: 0 };
  const started = Date.now();
  try {
    if (mapping.account !== null && (await target.ensureAccount(mapping.account))) {
      print(`Made the account "${mapping.account}".`);
    }
    let chunk: Numbered[] = [];
    const nth = new Map<string, number>();
    for await (const line of readLines(file, format)) {
      tally.lines++;
      const event = readEvent(line, () => eventOf(line.record ?? {}, mapping, nth), tally, flags);
      if (event !== null) chunk.push({ line: line.number, event });
      if (chunk.length === CHUNK) {
        await postChunk(target, chunk, tally);
        chunk = [];
        progress(tally, started);
      }
    }
    if (chunk.length > 0) await postChunk(target, chunk, tally);
  } finally {
    clearProgress();
    print(summary(tally, started));
    await closing(target, mapping.account);
  }
  if (tally.refused > 0 || tally.bad > 0) process.exitCode = 1;
}

function readEvent(
  line: Line,
  make: () => UsageEvent,
  tally: Tally,
  { skipBadLines }: ImportFlags,
): UsageEvent | null {
  let problem = line.problem;
  if (problem === null) {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      problem = error.message;
    }
  }
  tally.bad++;
  if (!skipBadLines) {
    throw new CommandError(
      `Line ${line.number} ${problem}. Mend it and run the import again (what was posted is not posted twice), or pass over such lines with --skip-bad-lines.`,
    );
  }
  tell(tally.bad, `line ${line.number} ${problem}; skipped`);
  return null;
}

async function postChunk(target: Target, chunk: readonly Numbered[], tally: Tally): Promise<void> {
  const results = await target.post(chunk.map(({ event }) => event));
  results.forEach((result, index) => {
    tally[result.status]++;
    if (result.status !== "refused") return;
    tell(tally.refused, `line ${chunk[index]?.line} was refused: ${result.error?.detail}`);
  });
}

function tell(count: number, message: string): void {
  if (count > TOLD_MAX) return;
  clearProgress();
  process.stderr.write(`${message}\n`);
  if (count === TOLD_MAX) process.stderr.write("further ones are only counted\n");
}

function progress(tally: Tally, started: number): void {
  if (!process.stderr.isTTY) return;
  const seconds = (Date.now() - started) / 1000;
  const rate = Math.round(tally.lines / Math.max(seconds, 0.001));
  process.stderr.write(
    `\r${tally.lines.toLocaleString("en")} lines, ${rate.toLocaleString("en")} a second\u001b[K`,
  );
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}

function summary(tally: Tally, started: number): string {
  const count = (value: number, what: string) => `${value.toLocaleString("en")} ${what}`;
  const parts = [
    count(tally.posted, "posted"),
    count(tally.duplicate, "there already"),
    count(tally.refused, "refused"),
    count(tally.bad, "bad"),
  ];
  return `${count(tally.lines, "lines")}: ${parts.join(", ")}, in ${((Date.now() - started) / 1000).toFixed(1)} s.`;
}

async function closing(target: Target, account: string | null): Promise<void> {
  try {
    if (account !== null) print(`The balance of "${account}" is ${await target.balanceOf(account)}.`);
  } finally {
    await target.close();
  }
}

/** Looks for the file before anything is opened or made. */
async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new CommandError(`There is no file "${file}".`);
    throw error;
  });
  if (found.isDirectory()) throw new CommandError(`"${file}" is a folder, not a file.`);
}
