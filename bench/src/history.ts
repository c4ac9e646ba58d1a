import type { AdjustInput, GrantInput, Ledger, UsageEvent } from "@credit-activity/server";
import { MODELS, PROJECTS } from "./data.js";

/** The account with the long history, and one with a short history of the same kind. */
export const LONG_ACCOUNT = "bench-long";
export const SHORT_ACCOUNT = "bench-short";

/** The entries of the short history. */
export const SHORT_ENTRIES = 1_000;

/*
 * Histories consist of blocks. A block is a purchase, a correction, and usage that spends the purchase, in two windows of
 * four rows with 12 or 13 entries each.
 */
const ENTRIES_PER_BLOCK = 100;
const ROWS_PER_BLOCK = 10;
const USAGE_PER_BLOCK = ENTRIES_PER_BLOCK - 2;
const CELLS_PER_BLOCK = 2;
const USAGE_PER_CELL = USAGE_PER_BLOCK / CELLS_PER_BLOCK;
const GROUPS_PER_CELL = 4;

/** The number of blocks that are written at once, while as many are made. It is below the number that may wait. */
const BLOCKS_AT_ONCE = 100;

const CELL_MS = 300_000;
const HISTORY_START_MS = Date.UTC(2010, 0, 1);
const PURCHASE: GrantInput = {
  kind: "purchase",
  credits: "12.25", // The usage of a block.
  source: { type: "purchase", label: "Pack of credits" },
};
const RAISE: AdjustInput = { credits: "0.5", description: "Goodwill after an outage" };
const FALL: AdjustInput = { credits: "-0.5", description: "Goodwill taken back" };

/** Rounds a number of entries up to whole blocks. */
export function toWholeBlocks(entries: number): number {
  return Math.ceil(entries / ENTRIES_PER_BLOCK) * ENTRIES_PER_BLOCK;
}

/** Returns the number of activity rows of a history. */
export function countRows(entries: number): number {
  return (entries / ENTRIES_PER_BLOCK) * ROWS_PER_BLOCK;
}

/**
 * Writes a history through the library, from one number of entries to another. By `occurredAt` each window is five minutes
 * after the one before, so the number of rows does not depend on the rate of writing.
 */
export async function writeHistory(
  ledger: Ledger,
  account: string,
  from: number,
  to: number,
  progress: (entries: number) => void,
): Promise<void> {
  await ledger.putAccount(account, { name: "Benchmark" });
  let before: Promise<unknown> = Promise.resolve();
  const end = to / ENTRIES_PER_BLOCK;
  for (let first = from / ENTRIES_PER_BLOCK; first < end; first += BLOCKS_AT_ONCE) {
    const calls: Promise<unknown>[] = [];
    for (let block = first; block < Math.min(first + BLOCKS_AT_ONCE, end); block += 1) {
      calls.push(...writeBlock(ledger, account, block));
    }
    // The next blocks are made while these are written. Errors are thrown where `before` is awaited.
    await before;
    before = Promise.all(calls);
    before.catch(() => {});
    progress(first * ENTRIES_PER_BLOCK);
  }
  await before;
}

/** Submits a block without waiting in between. Commands on one account keep the order of their arrival. */
function writeBlock(ledger: Ledger, account: string, block: number): Promise<unknown>[] {
  return [
    ledger.grant(account, PURCHASE, { key: `purchase-${block}` }),
    ledger.adjust(account, block % 2 === 0 ? RAISE : FALL, { key: `adjustment-${block}` }),
    ledger.usage(createBlockUsage(account, block)).then(({ results }) => {
      const failed = results.find((result) => result.status !== "posted");
      if (failed !== undefined) throw new Error(`The ledger did not post ${failed.id}: ${failed.status}.`);
    }),
  ];
}

/** Creates the usage of a block in the order of its time. As with live usage, the rows of a window grow side by side. */
function createBlockUsage(account: string, block: number): UsageEvent[] {
  return Array.from({ length: USAGE_PER_BLOCK }, (_, nth): UsageEvent => {
    const cell = block * CELLS_PER_BLOCK + Math.floor(nth / USAGE_PER_CELL);
    const step = nth % USAGE_PER_CELL;
    const group = step % GROUPS_PER_CELL;
    return {
      id: `usage-${block * USAGE_PER_BLOCK + nth}`,
      account,
      kind: group === 3 ? "build_usage" : "ai_usage",
      credits: "0.125",
      originalCredits: group === 2 ? "0.25" : null,
      source: MODELS[group] ?? null,
      project: PROJECTS[group % PROJECTS.length] ?? null,
      description: "Chat completion",
      occurredAt: new Date(HISTORY_START_MS + cell * CELL_MS + step * 1_000),
    };
  });
}
