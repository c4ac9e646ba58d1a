import {
  type Amount,
  type Credits,
  credits,
  type Instant,
  parseInstant,
  type UsageEventInput,
} from "@credit-activity/server";

/** The account with the long history, and one with a short history of the same kind. */
export const longAccount = "bench-long";
export const shortAccount = "bench-short";

/** The account that the cases on one hot account write to. */
export const hotAccount = "bench-hot";

/** The accounts that the write cases spread over. */
export const spreadAccount = (index: number) => `bench-${index}`;

const models = ["atlas-large", "atlas-small", "lyra-code", "lyra-vision"].map((label) => ({
  type: "model",
  id: label,
  label,
}));
const projects = ["storefront", "billing-portal"];

const cell_micros = 300_000_000;
const cells_per_block = 3;
const usage_rows_per_block = 18;
const rows_per_block = usage_rows_per_block + 2;
const blocks_at_once = 25;
const history_begins = parseInstant("2025-01-01T00:00:00Z");
const usage_amount = credits("0.125");

/**
 * Writes a history of so many activity rows through the library. Blocks of 20 rows repeat: a purchase, a correction
 * and usage in three windows of six groups, which spends what was bought. Each window is five minutes after the one
 * before by `occurredAt`, so that groups do not grow together and the rows are as many as asked for; every tenth group has two entries.
 */
export async function writeHistory(
  ledger: Credits,
  account: string,
  rows: number,
  progress: (share: number) => void,
): Promise<void> {
  await ledger.putAccount(account, { name: "Benchmark" });
  const blocks = Math.ceil(rows / rows_per_block);
  let before: Promise<unknown> = Promise.resolve();
  for (let first = 0; first < blocks; first += blocks_at_once) {
    const calls: Promise<unknown>[] = [];
    for (let block = first; block < Math.min(first + blocks_at_once, blocks); block += 1) {
      calls.push(...writeBlock(ledger, account, block));
    }
    // While these are written, the next are made; the failure of any shows when they are awaited.
    await before;
    before = Promise.all(calls);
    before.catch(() => {});
    progress(first / blocks);
  }
  await before;
}

/** Submits a block. The calls are not awaited in between: commands on one account keep their order of arrival. */
function writeBlock(ledger: Credits, account: string, block: number): Promise<unknown>[] {
  const events = blockOfUsage(account, block);
  const used = events.reduce((sum, event) => sum + event.credits, 0n) as Amount;
  const isRaised = block % 2 === 0;
  const source = { type: "purchase", label: "Pack of credits" };
  return [
    ledger.grant(account, { kind: "purchase", credits: used, source }, { key: `purchase-${block}` }),
    ledger.adjust(
      account,
      {
        credits: credits(isRaised ? "0.5" : "-0.5"),
        description: isRaised ? "Goodwill after an outage" : "Goodwill taken back",
      },
      { key: `adjustment-${block}` },
    ),
    ledger.usage(events).then((results) => {
      const refused = results.find((result) => result.status !== "posted");
      if (refused !== undefined) throw new Error(`The ledger did not post ${refused.id}: ${refused.status}.`);
    }),
  ];
}

function blockOfUsage(account: string, block: number): UsageEventInput[] {
  const groups_per_cell = usage_rows_per_block / cells_per_block;
  return Array.from({ length: usage_rows_per_block }, (_, row): UsageEventInput[] => {
    const cell = block * cells_per_block + Math.floor(row / groups_per_cell);
    const group = row % groups_per_cell;
    const number = block * usage_rows_per_block + row;
    const entries = number % 10 === 0 ? 2 : 1;
    return Array.from({ length: entries }, (_, entry) => ({
      id: `usage-${number}-${entry}`,
      account,
      kind: group === 5 ? "build_usage" : "ai_usage",
      credits: usage_amount,
      originalCredits: group === 4 ? credits("0.25") : null,
      source: models[group % models.length] ?? null,
      project: projects[group % projects.length] ?? null,
      description: "Chat completion",
      occurredAt: (history_begins + cell * cell_micros + group * 1_000_000 + entry) as Instant,
    }));
  }).flat();
}

/** Opens accounts with credits enough for a run. */
export async function openAccounts(ledger: Credits, names: readonly string[]): Promise<void> {
  const waiting = names.values();
  const opener = async () => {
    for (const name of waiting) await ledger.putAccount(name);
  };
  await Promise.all(Array.from({ length: 32 }, opener));
  const plan = { type: "plan", id: "team", label: "Team plan" };
  await Promise.all(
    names.map((name) =>
      ledger.grant(
        name,
        { kind: "monthly_grant", credits: credits("1000000"), source: plan },
        { key: "plan" },
      ),
    ),
  );
}

let events_made = 0;

/** Usage as it arrives live: now, from a few models and projects, so that groups of the current window grow. */
export function liveUsage(count: number, account: () => string): UsageEventInput[] {
  return Array.from({ length: count }, () => {
    events_made += 1;
    return {
      id: `live-${events_made}`,
      account: account(),
      kind: "ai_usage",
      credits: (BigInt(1 + (events_made % 1000)) * 1000n) as Amount,
      source: models[events_made % models.length] ?? null,
      project: projects[(events_made >> 2) % projects.length] ?? null,
      description: "Chat completion",
      metadata: { tokens: events_made % 8192 },
    };
  });
}
