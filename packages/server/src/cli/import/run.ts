import { stat } from "node:fs/promises";
import { type Ledger, NotFoundError, type UsageEvent } from "@credit-activity/client";
import { CommandError, print } from "../open.js";
import { LineError, toEvent } from "./event.js";
import { type Mapping, type MappingFlags, toMapping } from "./mapping.js";
import { type Line, readLines, toFormat } from "./read.js";
import { Report } from "./report.js";
import { openTarget, type TargetFlags } from "./target.js";

/** The number of events per call. */
const CHUNK = 1_000;

export type ImportFlags = MappingFlags &
  TargetFlags & { readonly format?: string; readonly skipBadLines: boolean };

/** An event and the number of its line. */
interface NumberedEvent {
  readonly line: number;
  readonly event: UsageEvent;
}

/** Posts a file of usage. The same file again posts nothing twice, so an import that was stopped can run again. */
export async function runImport(file: string, flags: ImportFlags): Promise<void> {
  const mapping = toMapping(flags);
  const format = toFormat(file, flags.format);
  await checkFile(file);
  const { ledger, close } = await openTarget(flags);
  const { account } = mapping;
  const report = new Report();
  try {
    if (account !== null && (await ensureAccount(ledger, account))) {
      print(`Created the account "${account}".`);
    }
    await postLines(readLines(file, format), ledger, mapping, flags.skipBadLines, report).finally(() =>
      report.printSummary(),
    );
    if (account !== null) {
      const { balance } = await ledger.getAccount(account);
      print(`The balance of "${account}" is ${balance}.`);
    }
  } finally {
    await close();
  }
  if (report.counts.refused > 0 || report.counts.bad > 0) process.exitCode = 1;
}

/** Checks the file before anything is opened or created. */
async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new CommandError(`There is no file "${file}". Check its path.`);
    throw error;
  });
  if (found.isDirectory()) throw new CommandError(`"${file}" is a directory. Give the path of a file.`);
}

/** Creates an account unless it exists. Returns true if it was created. */
async function ensureAccount(ledger: Ledger, account: string): Promise<boolean> {
  try {
    await ledger.getAccount(account);
    return false;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    await ledger.putAccount(account);
    return true;
  }
}

async function postLines(
  lines: AsyncIterable<Line>,
  ledger: Ledger,
  mapping: Mapping,
  skipBadLines: boolean,
  report: Report,
): Promise<void> {
  let chunk: NumberedEvent[] = [];
  const counts = new Map<string, number>();
  for await (const line of lines) {
    report.counts.lines++;
    const event = readEvent(line, mapping, counts, skipBadLines, report);
    if (event !== null) chunk.push({ line: line.number, event });
    if (chunk.length === CHUNK) {
      await postChunk(ledger, chunk, report);
      chunk = [];
      report.showProgress();
    }
  }
  if (chunk.length > 0) await postChunk(ledger, chunk, report);
}

/** Returns the event of a line, or null if the line is bad and skipped. */
function readEvent(
  line: Line,
  mapping: Mapping,
  counts: Map<string, number>,
  skipBadLines: boolean,
  report: Report,
): UsageEvent | null {
  try {
    if (line.record === null) throw new LineError(line.problem);
    return toEvent(line.record, mapping, counts);
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    if (!skipBadLines) {
      report.counts.bad++;
      throw new CommandError(
        `Line ${line.number} ${error.message}. Correct it and run the import again, which posts nothing twice, or skip such lines with --skip-bad-lines.`,
      );
    }
    report.addFault("bad", `line ${line.number} ${error.message}; skipped`);
    return null;
  }
}

async function postChunk(ledger: Ledger, chunk: readonly NumberedEvent[], report: Report): Promise<void> {
  const { results } = await ledger.usage(chunk.map(({ event }) => event));
  results.forEach((result, index) => {
    if (result.status === "failed") return;
    if (result.status !== "refused") report.counts[result.status]++;
    else report.addFault("refused", `line ${chunk[index]?.line} was refused: ${result.error.detail}`);
  });
  const first = results.findIndex(({ status }) => status === "failed");
  const failed = results[first];
  if (failed?.status === "failed") {
    throw new CommandError(
      `Line ${chunk[first]?.line} failed: ${failed.error.detail} Run the import again, which posts nothing twice.`,
    );
  }
}
