import { credits, type Instant, instantFromMillis, RefusedError } from "@credit-activity/server";
import { type DemoAccount, demoAccounts } from "../demo-accounts.js";
import type { DemoClock, Ledger } from "../ledger.js";
import { support } from "./catalog.js";
import type { Movement, SeedEvent, SeedStep } from "./step.js";
import { story, storyBegin } from "./story.js";

/** The account whose history is seeded. */
const STORIED = "acme";

/** Where an account keeps the moment its history leads up to, until all of the history is written. */
const ANCHOR = "history_until";

/** What became of the demo's accounts at a start. */
export type SeedOutcome = "seeded" | "completed" | "present";

/**
 * Creates the demo's accounts, one of them with a history that ends now. Everything is keyed, and the history's times
 * come from a moment that is stored with the account when it is created: a start that was killed half-way is completed
 * by the next one, whenever that is, and a further start adds nothing.
 *
 * @param clock the ledger's own clock; it is turned back while the history is written, and runs again afterwards
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
  const existing = await ledger.getAccount(demo.account);
  if (existing === null) {
    const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const anchorMs = Date.now();
    const isStoried = demo.account === STORIED;
    if (isStoried) clock.set(instantFromMillis(storyBegin(anchorMs, timeZone)));
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

async function writeHistory(
  ledger: Ledger,
  clock: DemoClock,
  anchorMs: number,
  timeZone: string,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const seqs = new Map<string, number>();
  for (const step of story(anchorMs, timeZone)) {
    clock.set(instantFromMillis(step.atMs));
    if ("usage" in step) await postUsage(ledger, step, seqs);
    else await postMovement(ledger, step, seqs);
  }
  // Without the moment the history counts as complete, and is never looked at again.
  await ledger.putAccount(STORIED, { metadata });
}

async function postUsage(
  ledger: Ledger,
  step: Extract<SeedStep, { usage: unknown }>,
  seqs: Map<string, number>,
): Promise<void> {
  const results = await ledger.usage(step.usage.map(usageEvent));
  results.forEach((result, index) => {
    const event = step.usage[index] as SeedEvent;
    if (result.refusal !== null) throw new RefusedError(result.refusal);
    if (result.entry !== null) seqs.set(event.id, result.entry.seq);
  });
}

function usageEvent(event: SeedEvent) {
  const { id, atMs, credits: used, originalCredits, ...cause } = event;
  return {
    ...cause,
    id: keyOf(id),
    account: STORIED,
    credits: credits(used),
    originalCredits: originalCredits === null ? null : credits(originalCredits),
    occurredAt: instantFromMillis(atMs),
  };
}

async function postMovement(
  ledger: Ledger,
  step: Extract<SeedStep, { movement: Movement }>,
  seqs: ReadonlyMap<string, number>,
): Promise<void> {
  const { movement } = step;
  const key = { key: keyOf(step.id) };
  switch (movement.op) {
    case "grant": {
      const { op: _op, expiresAtMs, credits: granted, ...grant } = movement;
      const expiresAt: Instant | null = expiresAtMs === undefined ? null : instantFromMillis(expiresAtMs);
      await ledger.grant(STORIED, { ...grant, credits: credits(granted), expiresAt }, key);
      return;
    }
    case "refund": {
      const entry = seqs.get(movement.event);
      if (entry === undefined) throw new Error(`The history refunds "${movement.event}" before it happened.`);
      await ledger.refund(STORIED, { entry, description: movement.description, source: support }, key);
      return;
    }
    case "adjust":
      await ledger.adjust(STORIED, correction(movement), key);
      return;
    case "writeOff":
      await ledger.writeOff(STORIED, correction(movement), key);
  }
}

function correction({
  credits: moved,
  description,
}: {
  readonly credits: string;
  readonly description: string;
}) {
  return { credits: credits(moved), description, source: support };
}

function keyOf(id: string): string {
  return `demo-history:${id}`;
}
