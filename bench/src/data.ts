import { fromMicros, type GrantInput, type Ledger, type UsageEvent } from "@credit-activity/server";

/** The account of the cases on one hot account. */
export const HOT_ACCOUNT = "bench-hot";

/** Returns the id of an account that the write cases spread over. */
export const toAccountId = (index: number) => `bench-${index}`;

/** The sources and projects of usage. */
export const MODELS = ["atlas-large", "atlas-small", "lyra-code", "lyra-vision"].map((label) => ({
  type: "model",
  id: label,
  label,
}));
export const PROJECTS = ["storefront", "billing-portal"];

/** The number of accounts that are opened at once. */
const OPENERS = 32;

/** The number of grants in flight. It is below the number of commands that may wait. */
const GRANTS_AT_ONCE = 10_000;

const GRANT: GrantInput = {
  kind: "monthly_grant",
  credits: "1000000",
  source: { type: "plan", id: "team", label: "Team plan" },
};

const MICROS_STEP = 1_000n;

/** Opens accounts with enough credits for a run. */
export async function openAccounts(ledger: Ledger, names: readonly string[]): Promise<void> {
  const waiting = names.values();
  const opener = async () => {
    for (const name of waiting) await ledger.putAccount(name);
  };
  await Promise.all(Array.from({ length: OPENERS }, opener));
  for (let first = 0; first < names.length; first += GRANTS_AT_ONCE) {
    const part = names.slice(first, first + GRANTS_AT_ONCE);
    await Promise.all(part.map((name) => ledger.grant(name, GRANT, { key: "plan" })));
  }
}

let eventsMade = 0;

/** Creates live usage: it happens now, from a few models and projects, so that the rows of the open window grow. */
export function createUsage(count: number, account: () => string): UsageEvent[] {
  return Array.from({ length: count }, () => {
    eventsMade += 1;
    return {
      id: `live-${eventsMade}`,
      account: account(),
      kind: "ai_usage",
      credits: fromMicros(BigInt(1 + (eventsMade % 1000)) * MICROS_STEP),
      source: MODELS[eventsMade % MODELS.length] ?? null,
      project: PROJECTS[(eventsMade >> 2) % PROJECTS.length] ?? null,
      description: "Chat completion",
      metadata: { tokens: eventsMade % 8192 },
    };
  });
}
