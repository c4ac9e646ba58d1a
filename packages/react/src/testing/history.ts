import type { ActivityRow, Amount, Entry } from "@credit-activity/client";

/** The current time in tests. */
export const now = new Date("2026-11-22T14:30:00Z");

/** Makes a row with default values. */
export function row(values: Partial<ActivityRow> & { position: number }): ActivityRow {
  return {
    kind: "ai_usage",
    type: "usage",
    category: "used",
    title: "AI usage",
    nouns: { one: "call", other: "calls" },
    description: "Landing page rewrite",
    source: { type: "model", id: "sonnet", label: "Claude Sonnet" },
    project: null,
    member: null,
    task: null,
    various: [],
    startedAt: "2026-11-20T10:05:00.123456Z",
    endedAt: "2026-11-20T10:05:00.123456Z",
    entries: 1,
    firstSeq: values.position,
    lastSeq: values.position,
    credits: "-1",
    originalCredits: null,
    discountPercent: null,
    balance: "100",
    ...values,
  };
}

const TURNS: readonly Partial<ActivityRow>[] = [
  {
    kind: "monthly_grant",
    type: "grant",
    category: "added",
    title: "Monthly credits granted",
    credits: "50",
  },
  { kind: "ai_usage", type: "usage", category: "used", title: "AI usage", credits: "-2" },
  {
    kind: "adjustment",
    type: "correction",
    category: "adjustments",
    title: "Credit adjustment",
    credits: "1",
  },
];

/** Makes rows, newest first. Each balance is the balance of the row beneath plus the row's credits. */
export function history(count: number): ActivityRow[] {
  const rows: ActivityRow[] = [];
  let balance = 0;
  for (let position = 1; position <= count; position += 1) {
    const turn = TURNS[(position - 1) % TURNS.length] ?? {};
    balance += Number(turn.credits);
    rows.unshift(row({ position, description: `Row ${position}`, ...turn, balance: `${balance}` }));
  }
  return rows;
}

/** Makes the entries of a row. */
export function entriesOf(from: ActivityRow, credits: readonly Amount[]): Entry[] {
  return credits.map((amount, index) => ({
    seq: from.firstSeq + index,
    kind: from.kind,
    type: from.type,
    category: from.category,
    title: from.title,
    description: from.description,
    source: from.source,
    project: from.project,
    member: from.member,
    task: from.task,
    price: null,
    quantities: null,
    estimated: false,
    credits: amount,
    originalCredits: null,
    discountPercent: null,
    balance: "0",
    occurredAt: from.startedAt,
    recordedAt: from.startedAt,
    key: null,
    refundOf: null,
    grant: null,
    hash: "00",
    metadata: {},
  }));
}
