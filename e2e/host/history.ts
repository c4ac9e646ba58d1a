import type { ActivityPage, ActivityRow, EntryList } from "@credit-activity/client";
import type { ActivityReader } from "@credit-activity/react";

const ROWS = 23;

const KINDS: readonly Partial<ActivityRow>[] = [
  { entries: 14, originalCredits: "-23.4", credits: "-18.72", discountPercent: 20 },
  { kind: "build_usage", title: "Build usage", entries: 6, credits: "-42", source: null },
  {
    kind: "purchase",
    type: "grant",
    category: "added",
    title: "Purchased credits added",
    description: "Credit pack",
    credits: "1000",
    source: { type: "purchase", id: "4821", label: "Purchase #4821" },
  },
];

/** A ledger in the page. Its rows differ in kind, and have discounts and groups. Requests for entries fail. */
export const reader: ActivityReader = {
  async activity(_account, query = {}): Promise<ActivityPage> {
    const { filter = "all", page = 1, perPage = 8 } = query;
    const all = Array.from({ length: ROWS }, (_, index) => row(ROWS - index));
    const rows = all.filter(({ category }) => filter === "all" || filter === category);
    const from = (page - 1) * perPage;
    const shown = rows.slice(from, from + perPage);
    return {
      rows: shown,
      from: shown.length === 0 ? 0 : from + 1,
      to: from + shown.length,
      total: rows.length,
      page,
      pages: Math.max(1, Math.ceil(rows.length / perPage)),
      asOf: "1",
      balance: "1862.28",
      pending: "0",
    };
  },
  async activityEntries(): Promise<EntryList> {
    throw new Error("The host has no entries.");
  },
};

function row(position: number): ActivityRow {
  return {
    kind: "ai_usage",
    type: "usage",
    category: "used",
    title: "AI usage",
    nouns: null,
    description: "Landing page rewrite",
    source: { type: "model", id: "sonnet", label: "Claude Sonnet" },
    project: { id: "storefront", label: "Acme Storefront" },
    member: null,
    task: null,
    various: [],
    startedAt: "2026-03-02T10:05:00Z",
    endedAt: "2026-03-02T10:09:00Z",
    entries: 1,
    firstSeq: position,
    lastSeq: position,
    credits: "-1",
    originalCredits: null,
    discountPercent: null,
    balance: "1862.28",
    position,
    ...KINDS[position % KINDS.length],
  };
}
