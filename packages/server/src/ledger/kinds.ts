/** The filters of the page. Every kind of entry belongs to one of them. */
export const CATEGORIES = ["added", "used", "adjustments"] as const;
export type Category = (typeof CATEGORIES)[number];

export const GRANT_KINDS = ["monthly_grant", "purchase", "bonus", "manual_grant"] as const;
/** What adds credits. */
export type GrantKind = (typeof GRANT_KINDS)[number];

export const USAGE_KINDS = ["ai_usage", "build_usage", "runtime_usage"] as const;
/** What uses credits, and is grouped on the page. */
export type UsageKind = (typeof USAGE_KINDS)[number];

/** What corrects a balance. */
export const CORRECTION_KINDS = ["refund", "adjustment", "writeoff", "expiry"] as const;

export const KINDS = [...GRANT_KINDS, ...USAGE_KINDS, ...CORRECTION_KINDS] as const;
export type Kind = (typeof KINDS)[number];

/** The kinds of entry that can open a grant: besides the grants proper, a correction upwards and a refund. */
export const BLOCK_KINDS = [...GRANT_KINDS, "refund", "adjustment"] as const;
export type BlockKind = (typeof BLOCK_KINDS)[number];

interface KindFacts {
  readonly category: Category;
  readonly title: string;
  /** What one entry of a usage kind is called when several are counted: one form for one, one for more. */
  readonly count?: readonly [one: string, many: string];
}

const FACTS: Readonly<Record<Kind, KindFacts>> = {
  monthly_grant: { category: "added", title: "Monthly credits granted" },
  purchase: { category: "added", title: "Purchased credits added" },
  bonus: { category: "added", title: "Signup bonus" },
  manual_grant: { category: "added", title: "Manual credit" },
  ai_usage: { category: "used", title: "AI usage", count: ["call", "calls"] },
  build_usage: { category: "used", title: "Build usage", count: ["step", "steps"] },
  runtime_usage: { category: "used", title: "Runtime usage", count: ["event", "events"] },
  refund: { category: "adjustments", title: "Credit refund" },
  adjustment: { category: "adjustments", title: "Credit adjustment" },
  writeoff: { category: "adjustments", title: "Credit writeoff" },
  expiry: { category: "adjustments", title: "Credits expired" },
};

/** The category a kind belongs to. */
export function categoryOf(kind: Kind): Category {
  return FACTS[kind].category;
}

/** The title the page shows for a kind, unless the entry carries a name of its own. */
export function titleOf(kind: Kind): string {
  return FACTS[kind].title;
}

/** Whether entries of a kind are usage, and so grouped. */
export function isUsage(kind: Kind): kind is UsageKind {
  return FACTS[kind].category === "used";
}

/** "14 calls", "1 step", "31 events": what a usage row says when its entries have no description in common. */
export function countOf(kind: UsageKind, entries: number): string {
  const [one, many] = FACTS[kind].count as readonly [string, string];
  return `${entries.toLocaleString("en-US")} ${entries === 1 ? one : many}`;
}
