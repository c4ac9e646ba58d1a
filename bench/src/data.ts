import { type Amount, type Credits, credits, type UsageEventInput } from "@credit-activity/server";

/** The account that the cases on one hot account write to. */
export const hotAccount = "bench-hot";

/** The accounts that the write cases spread over. */
export const spreadAccount = (index: number) => `bench-${index}`;

/** The sources and projects of usage. */
export const models = ["atlas-large", "atlas-small", "lyra-code", "lyra-vision"].map((label) => ({
  type: "model",
  id: label,
  label,
}));
export const projects = ["storefront", "billing-portal"];

const openers = 32;

/** How many grants are under way at once; below the number of commands that may wait. */
const grants_at_once = 10_000;

const grant = {
  kind: "monthly_grant",
  credits: credits("1000000"),
  source: { type: "plan", id: "team", label: "Team plan" },
} as const;

/** Opens accounts with credits enough for a run. */
export async function openAccounts(ledger: Credits, names: readonly string[]): Promise<void> {
  const waiting = names.values();
  const opener = async () => {
    for (const name of waiting) await ledger.putAccount(name);
  };
  await Promise.all(Array.from({ length: openers }, opener));
  for (let first = 0; first < names.length; first += grants_at_once) {
    const part = names.slice(first, first + grants_at_once);
    await Promise.all(part.map((name) => ledger.grant(name, grant, { key: "plan" })));
  }
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
