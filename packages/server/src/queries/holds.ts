import type { Hold, HoldStatus } from "../core/entry.js";
import { formatInstant, type Instant } from "../core/instant.js";
import type { Reader } from "../db/port.js";
import { fromHoldColumns, type HoldColumns } from "../db/tables/holds.js";

/** The place of a hold in the list. */
export interface HoldPlace {
  readonly createdAt: Instant;
  readonly id: string;
}

export interface HoldRange {
  /** Null for all. */
  readonly status: HoldStatus | null;
  /** The first hold to read. Null for the newest. */
  readonly from: HoldPlace | null;
  readonly limit: number;
}

/** A status as it is stored, and which of its holds to read: those that have expired, the others, or both (null). */
type Stored = readonly [status: HoldStatus, isOver: boolean | null];

const ALL: readonly Stored[] = [
  ["open", null],
  ["settled", null],
  ["released", null],
  ["expired", null],
];

/** The stored statuses of each status. An open hold whose time is over is expired, though nothing is posted yet. */
const STORED: Readonly<Record<HoldStatus, readonly Stored[]>> = {
  open: [["open", false]],
  settled: [["settled", null]],
  released: [["released", null]],
  expired: [
    ["expired", null],
    ["open", true],
  ],
};

/** Reads one index range per status. An open hold is passed over at most until the sweep closes it. */
const LIST = `
  SELECT h.* FROM unnest($2::text[], $3::boolean[]) AS s (status, is_over) CROSS JOIN LATERAL (
    SELECT * FROM credits.holds h
    WHERE h.account = $1 AND h.status = s.status
      AND (h.created_at, h.hold) <= ($4::timestamptz, $5::text COLLATE "C")
      AND (s.is_over IS NULL OR s.is_over = (h.expires_at <= $6::timestamptz))
    ORDER BY h.created_at DESC, h.hold DESC LIMIT $7::integer
  ) h
  ORDER BY h.created_at DESC, h.hold DESC LIMIT $7::integer`;

/** Reads holds of an account as they stand at an instant, the newest first. */
export async function listHolds(
  reader: Reader,
  account: string,
  { status, from, limit }: HoldRange,
  now: Instant,
): Promise<Hold[]> {
  const stored = status === null ? ALL : STORED[status];
  const rows = await reader.query<HoldColumns>(LIST, [
    account,
    stored.map(([name]) => name),
    { array: "boolean", records: stored, value: ([, isOver]: Stored) => isOver },
    from === null ? "infinity" : formatInstant(from.createdAt),
    from === null ? "" : from.id,
    formatInstant(now),
    limit,
  ]);
  return rows.map((columns) => toHold(columns, now));
}

/** Reads a hold as it stands at an instant, or null. */
export async function readHold(
  reader: Reader,
  account: string,
  hold: string,
  now: Instant,
): Promise<Hold | null> {
  const [columns] = await reader.query<HoldColumns>(
    "SELECT * FROM credits.holds WHERE account = $1 AND hold = $2",
    [account, hold],
  );
  return columns === undefined ? null : toHold(columns, now);
}

function toHold(columns: HoldColumns, now: Instant): Hold {
  const hold = fromHoldColumns(columns);
  return hold.status === "open" && hold.expiresAt <= now ? { ...hold, status: "expired" } : hold;
}
