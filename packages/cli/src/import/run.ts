import { stat } from "node:fs/promises";
import { type Ledger, NotFoundError, type UsageEvent } from "@credit-activity/client";
import { CommandError, print } from "../open.js";
import { DigestCounts } from "./digest-counts.js";
import { type Earlier, LineError, toEvent } from "./event.js";
import { type Mapping, type MappingFlags, toMapping } from "./mapping.js";
import { type Line, readLines, toFormat } from "./read.js";
import { Remainders } from "./remainders.js";
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
    await postLines(readLines(file, format), ledger, mapping, flags.skipBadLines, report).finally(() =>
      report.printSummary(),
    );
    if (account !== null && report.counts.posted + report.counts.duplicate > 0) {
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

/** Creates an account unless it exists. */
async function ensureAccount(ledger: Ledger, account: string): Promise<void> {
  try {
    await ledger.getAccount(account);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    await ledger.putAccount(account);
    print(`Created the account "${account}".`);
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
  let isFirst = true;
  const earlier: Earlier = { counts: new DigestCounts(), remainders: new Remainders() };
  const postRead = async () => {
    // A file without a valid line creates no account.
    if (isFirst && mapping.account !== null) await ensureAccount(ledger, mapping.account);
    isFirst = false;
    await postChunk(ledger, chunk, report);
    chunk = [];
    report.showProgress();
  };
  for await (const line of lines) {
    report.counts.lines++;
    const event = readEvent(line, mapping, earlier, skipBadLines, report);
    if (event !== null) chunk.push({ line: line.number, event });
    if (chunk.length === CHUNK) await postRead();
  }
  if (chunk.length > 0) await postRead();
}

/** Returns the event of a line, or null if the line is bad and skipped, or is carried on. */
function readEvent(
  line: Line,
  mapping: Mapping,
  earlier: Earlier,
  skipBadLines: boolean,
  report: Report,
): UsageEvent | null {
  try {
    if (line.content === null) throw new LineError(line.problem);
    const event = toEvent(line.content, mapping, earlier);
    if (event === null) report.counts.carried++;
    return event;
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
