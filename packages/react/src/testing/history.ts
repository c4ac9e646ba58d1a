import type { ActivityRow, Amount, Entry } from "@credit-activity/client";

/** The moment the tests take for now. */
export const now = new Date("2026-11-22T14:30:00Z");

/** A row with believable values where none are given. */
export function row(values: Partial<ActivityRow> & { position: number }): ActivityRow {
  return {
    kind: "ai_usage",
    category: "used",
    title: "AI usage",
    description: "Landing page rewrite",
    common_description: "Landing page rewrite",
    source: { type: "model", id: "sonnet", label: "Claude Sonnet" },
    project: null,
    started_at: "2026-11-20T10:05:00.123456Z",
    ended_at: "2026-11-20T10:05:00.123456Z",
    entries: 1,
    first_seq: values.position,
    last_seq: values.position,
    credits: "-1",
    original_credits: null,
    discount_percent: null,
    balance: "100",
    ...values,
  };
}

const turns: readonly Partial<ActivityRow>[] = [
  { kind: "monthly_grant", category: "added", title: "Monthly credits granted", credits: "50" },
  { kind: "ai_usage", category: "used", title: "AI usage", credits: "-2" },
  { kind: "adjustment", category: "adjustments", title: "Credit adjustment", credits: "1" },
];

/** As many rows as asked for, newest first, each balance that of the row beneath plus the row's credits. */
export function history(count: number): ActivityRow[] {
  const rows: ActivityRow[] = [];
  let balance = 0;
  for (let position = 1; position <= count; position += 1) {
    const turn = turns[(position - 1) % turns.length] ?? {};
    balance += Number(turn.credits);
    rows.unshift(
      row({
        position,
        description: `Row ${position}`,
        ...describe(position),
        ...turn,
        balance: `${balance}`,
      }),
    );
  }
  return rows;
}

function describe(position: number): Partial<ActivityRow> {
  return { common_description: `Row ${position}` };
}

/** The entries behind a row. */
export function entriesOf(from: ActivityRow, credits: readonly Amount[]): Entry[] {
  return credits.map((amount, index) => ({
    seq: from.first_seq + index,
    kind: from.kind,
    category: from.category,
    title: from.title,
    description: from.common_description,
    source: from.source,
    project: from.project,
    credits: amount,
    original_credits: null,
    discount_percent: null,
    balance: "0",
    occurred_at: from.started_at,
    recorded_at: from.started_at,
    key: null,
    hash: "00",
    metadata: {},
  }));
}
