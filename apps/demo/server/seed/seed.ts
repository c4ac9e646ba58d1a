import { type Account, type Amount, type Ledger, NotFoundError, toError } from "@credit-activity/client";
import type { DemoClock } from "../clock.js";
import { type DemoAccount, demoAccounts } from "../demo-accounts.js";
import { support } from "./catalog.js";
import type { Movement, SeedEvent, SeedStep } from "./step.js";
import { createStory, getStoryStart } from "./story.js";

/** The account with a history. */
const STORIED = "acme";

/** The metadata of an account that holds the end of its history until all of it is written. */
const ANCHOR = "history_until";

/** The effect of a seed: accounts were created, a history was completed, or both existed. */
export type SeedOutcome = "seeded" | "completed" | "present";

/**
 * Creates the demo's accounts, one of them with a history that ends now. Every command has a key, and the times of the
 * history depend on a time that is stored with the account. So a start that was killed is completed by the next one, on
 * any day, and a further start adds nothing.
 *
 * @param clock the ledger's clock. It is turned back while the history is written.
 */
export async function seed(ledger: Ledger, clock: DemoClock): Promise<SeedOutcome> {
  const outcomes: SeedOutcome[] = [];
  for (const account of demoAccounts) {
    try {
      outcomes.push(await seedAccount(ledger, clock, account));
    } finally {
      clock.reset();
    }
  }
  return outcomes.includes("seeded") ? "seeded" : outcomes.includes("completed") ? "completed" : "present";
}

async function seedAccount(ledger: Ledger, clock: DemoClock, demo: DemoAccount): Promise<SeedOutcome> {
  const metadata = { plan: demo.plan, owner: demo.person, email: demo.email };
  const existing = await findAccount(ledger, demo.account);
  if (existing === null) {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const anchorMs = Date.now();
    const isStoried = demo.account === STORIED;
    if (isStoried) clock.stop(getStoryStart(anchorMs, timeZone));
    await ledger.putAccount(demo.account, {
      name: demo.name,
      timeZone,
      metadata: isStoried ? { ...metadata, [ANCHOR]: new Date(anchorMs).toISOString() } : metadata,
    });
    if (isStoried) await writeHistory(ledger, clock, anchorMs, timeZone, metadata);
    return "seeded";
  }
  const anchorMs = Date.parse(String(existing.metadata[ANCHOR]));
  if (Number.isNaN(anchorMs)) return "present";
  await writeHistory(ledger, clock, anchorMs, existing.timeZone, metadata);
  return "completed";
}

async function findAccount(ledger: Ledger, account: string): Promise<Account | null> {
  try {
    return await ledger.getAccount(account);
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}

async function writeHistory(
  ledger: Ledger,
  clock: DemoClock,
  anchorMs: number,
  timeZone: string,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const seqs = new Map<string, number>();
  for (const step of createStory(anchorMs, timeZone)) {
    clock.stop(step.atMs);
    if ("usage" in step) await postUsage(ledger, step, seqs);
    else await postMovement(ledger, step, seqs);
  }
  // Without the anchor the history counts as complete.
  await ledger.putAccount(STORIED, { metadata });
}

async function postUsage(
  ledger: Ledger,
  step: Extract<SeedStep, { usage: unknown }>,
  seqs: Map<string, number>,
): Promise<void> {
  const { results } = await ledger.usage(step.usage.map(toUsageEvent));
  results.forEach((result, index) => {
    if ("error" in result) throw toError(result.error);
    seqs.set((step.usage[index] as SeedEvent).id, result.entry.seq);
  });
}

function toUsageEvent({ id, atMs, ...event }: SeedEvent) {
  return { ...event, id: toKey(id), account: STORIED, occurredAt: new Date(atMs) };
}

async function postMovement(
  ledger: Ledger,
  step: Extract<SeedStep, { movement: Movement }>,
  seqs: ReadonlyMap<string, number>,
): Promise<void> {
  const { movement } = step;
  const options = { key: toKey(step.id) };
  switch (movement.op) {
    case "grant": {
      const { op: _op, expiresAtMs, ...grant } = movement;
      const expiresAt = expiresAtMs === undefined ? null : new Date(expiresAtMs);
      await ledger.grant(STORIED, { ...grant, expiresAt }, options);
      return;
    }
    case "refund": {
      const entry = seqs.get(movement.event);
      if (entry === undefined) throw new Error(`The history refunds "${movement.event}" before it happened.`);
      await ledger.refund(STORIED, { entry, description: movement.description, source: support }, options);
      return;
    }
    case "adjust":
      await ledger.adjust(STORIED, toCorrection(movement), options);
      return;
    case "writeOff":
      await ledger.writeOff(STORIED, toCorrection(movement), options);
  }
}

function toCorrection(movement: { readonly credits: Amount; readonly description: string }) {
  return { credits: movement.credits, description: movement.description, source: support };
}

function toKey(id: string): string {
  return `demo-history:${id}`;
}
