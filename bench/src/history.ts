import {
  type Amount,
  type Credits,
  credits,
  type Instant,
  parseInstant,
  type UsageEventInput,
} from "@credit-activity/server";
import { models, projects } from "./data.js";

/** The account with the long history, and one with a short history of the same kind. */
export const longAccount = "bench-long";
export const shortAccount = "bench-short";

/** Entries of the short history. */
export const short_entries = 1_000;

/**
 * Histories are made of blocks: a purchase, a correction, and usage that spends what was bought, in two windows of four
 * groups with 12 or 13 entries each.
 */
const entries_per_block = 100;
const rows_per_block = 10;
const usage_per_block = entries_per_block - 2;
const cells_per_block = 2;
const usage_per_cell = usage_per_block / cells_per_block;
const groups_per_cell = 4;

/** How many blocks are written at once, while as many are made; below the number of commands that may wait. */
const blocks_at_once = 100;

const cell_micros = 300_000_000;
const history_begins = parseInstant("2010-01-01T00:00:00Z");
const usage_amount = credits("0.125");
const usage_original_amount = credits("0.25");
const block_amount = (usage_amount * BigInt(usage_per_block)) as Amount;
const purchase = {
  kind: "purchase",
  credits: block_amount,
  source: { type: "purchase", label: "Pack of credits" },
} as const;
const raise = { credits: credits("0.5"), description: "Goodwill after an outage" };
const fall = { credits: credits("-0.5"), description: "Goodwill taken back" };

/** How many entries a history has when so many are asked for: whole blocks. */
export function historyEntries(asked: number): number {
  return Math.ceil(asked / entries_per_block) * entries_per_block;
}

/** How many activity rows a history of so many entries has. */
export function historyRows(entries: number): number {
  return (entries / entries_per_block) * rows_per_block;
}

/**
 * Writes a history through the library, from so many entries up to so many. Each window is five minutes after the one
 * before by `occurredAt`, so that the activity rows are as many as planned however fast it is written.
 */
export async function writeHistory(
  ledger: Credits,
  account: string,
  from: number,
  to: number,
  progress: (entries: number) => void,
): Promise<void> {
  await ledger.putAccount(account, { name: "Benchmark" });
  let before: Promise<unknown> = Promise.resolve();
  const end = to / entries_per_block;
  for (let first = from / entries_per_block; first < end; first += blocks_at_once) {
    const calls: Promise<unknown>[] = [];
    for (let block = first; block < Math.min(first + blocks_at_once, end); block += 1) {
      calls.push(...writeBlock(ledger, account, block));
    }
    // While these are written, the next are made; the failure of any shows when they are awaited.
    await before;
    before = Promise.all(calls);
    before.catch(() => {});
    progress(first * entries_per_block);
  }
  await before;
}

/** Submits a block. The calls are not awaited in between: commands on one account keep their order of arrival. */
function writeBlock(ledger: Credits, account: string, block: number): Promise<unknown>[] {
  return [
    ledger.grant(account, purchase, { key: `purchase-${block}` }),
    ledger.adjust(account, block % 2 === 0 ? raise : fall, { key: `adjustment-${block}` }),
    ledger.usage(blockOfUsage(account, block)).then((results) => {
      const refused = results.find((result) => result.status !== "posted");
      if (refused !== undefined) throw new Error(`The ledger did not post ${refused.id}: ${refused.status}.`);
    }),
  ];
}

/** The usage of a block in the order of its time; the groups of a window grow side by side, as live ones do. */
function blockOfUsage(account: string, block: number): UsageEventInput[] {
  return Array.from({ length: usage_per_block }, (_, nth): UsageEventInput => {
    const cell = block * cells_per_block + Math.floor(nth / usage_per_cell);
    const step = nth % usage_per_cell;
    const group = step % groups_per_cell;
    return {
      id: `usage-${block * usage_per_block + nth}`,
      account,
      kind: group === 3 ? "build_usage" : "ai_usage",
      credits: usage_amount,
      originalCredits: group === 2 ? usage_original_amount : null,
      source: models[group] ?? null,
      project: projects[group % projects.length] ?? null,
      description: "Chat completion",
      occurredAt: (history_begins + cell * cell_micros + step * 1_000_000) as Instant,
    };
  });
}
