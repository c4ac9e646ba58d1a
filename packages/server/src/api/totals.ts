import type { Ledger } from "@credit-activity/client";
import { z } from "zod";
import { ZERO } from "../core/amount.js";
import { formatInstant, type Instant } from "../core/instant.js";
import { findSeqsBefore, type Mark, readMarks } from "../queries/moments.js";
import { ADDED_MAX, readTotals, type Total, type TotalsBy } from "../queries/totals.js";
import { checkOptions, type MethodOptions, settled } from "./calls.js";
import { encodeCursor, type Scope, toPart } from "./cursor.js";
import { type Day, listDays } from "./days.js";
import { check, toInvalid } from "./inputs.js";
import { readSpan, requireKnown, type SeqBounds, toAccountId, toUnknownEntry } from "./known.js";
import * as request from "./requests.js";

/** The methods that read balances of the past and totals. */
export type TotalMethods = Pick<Ledger, "balance" | "totals">;

type TotalOptions = Pick<MethodOptions, "database" | "labels" | "presenter" | "now">;

/**
 * The place in the totals: the last seq of the span, which stays where it was for the later parts, and the seq before the
 * next day, or the number of totals that were returned.
 */
const TOTALS_PLACE = z.tuple([z.number().int().min(0), z.number().int().min(0)]);

const NOTHING_YET: Mark = { seq: 0, position: 1, balance: ZERO, recordedAt: 0 as Instant };

type TotalsQuery = ReturnType<typeof toTotalsQuery>;

/** Makes the methods that read balances of the past and totals. */
export function createTotalMethods({ database, labels, presenter, now }: TotalOptions): TotalMethods {
  /** Returns the marks of seqs in their order. */
  async function readMarksOf(id: string, seqs: readonly number[]): Promise<Mark[]> {
    const marks = new Map((await readMarks(database, id, seqs)).map((mark) => [mark.seq, mark]));
    return seqs.map((seq) => marks.get(seq) ?? NOTHING_YET);
  }

  async function readBalance(id: string, { at, seq }: { at: Instant | null; seq: number | null }) {
    const after = at === null ? null : ((at + 1) as Instant);
    const last = seq ?? (await readSpan(database, id, { from: null, to: after })).high;
    const [mark] = await readMarks(database, id, [last]);
    if (mark === undefined && seq !== null) {
      await requireKnown(database, id, now);
      throw toUnknownEntry(seq);
    }
    return {
      balance: presenter.amount((mark ?? NOTHING_YET).balance),
      seq: last,
      recordedAt: mark === undefined ? null : formatInstant(mark.recordedAt),
    };
  }

  async function readPart(id: string, query: TotalsQuery) {
    const { by, from, to, timeZone } = query;
    const scope: Scope = ["totals", id, by, from, to, timeZone];
    const { place, limit } = toPart(query, scope, TOTALS_PLACE);
    const span = await readSpan(database, id, query);
    const low = span.low;
    const high = Math.max(low, Math.min(span.high, place?.[0] ?? span.high));
    const [opening, closing] = (await readMarksOf(id, [low, high])) as [Mark, Mark];
    const part =
      low === high
        ? { totals: [], next: null }
        : by === "day"
          ? await readDays(
              id,
              { low: Math.max(low, Math.min(high, place?.[1] ?? low)), high },
              limit,
              timeZone,
            )
          : await readGroups(id, by, [opening, closing], place?.[1] ?? 0, limit);
    return {
      totals: part.totals,
      opening: presenter.amount(opening.balance),
      closing: presenter.amount(closing.balance),
      nextCursor: part.next === null ? null : encodeCursor(scope, [high, part.next]),
    };
  }

  /** Reads the totals of the first days of a span, and returns where the next ones begin. */
  async function readDays(id: string, { low, high }: SeqBounds, limit: number, timeZone: string | null) {
    const zone = timeZone ?? (await requireKnown(database, id, now)).timeZone;
    const [first, last] = (await readMarksOf(id, [low + 1, high])) as [Mark, Mark];
    const days = listDays(zone, first.recordedAt, last.recordedAt, limit + 1);
    const ends = await findSeqsBefore(
      database,
      id,
      days.slice(1).map(({ start }) => start),
    );
    // The first day has at least the first entry, so each part gets on. Where a clock went back, a search may miss that entry.
    const seqs = (ends?.before ?? []).map((seq) => Math.min(high, Math.max(low + 1, seq)));
    const isEnd = days.length <= limit;
    const bounds = await readMarksOf(id, [low, ...seqs, ...(isEnd ? [high] : [])]);
    const totals = await addUp(id, "day", bounds, 0, limit);
    const next = isEnd || bounds.at(-1)?.seq === high ? null : (bounds.at(-1)?.seq ?? null);
    return {
      totals: totals.map((total) => {
        const { date } = days[total.segment] as Day;
        const { balance } = bounds[total.segment + 1] as Mark;
        return presenter.total(total, "day", { date, balance }, (_, key) => key);
      }),
      next,
    };
  }

  /** Reads a part of the totals of a span, and returns the number of those up to its end. */
  async function readGroups(
    id: string,
    by: Exclude<TotalsBy, "day">,
    bounds: readonly Mark[],
    offset: number,
    limit: number,
  ) {
    const totals = await addUp(id, by, bounds, offset, limit + 1);
    const shown = totals.slice(0, limit);
    const toLabel = await labels.read(
      id,
      shown.map((total) => toDimensioned(total, by)),
    );
    return {
      totals: shown.map((total) => presenter.total(total, by, null, toLabel)),
      next: totals.length > limit ? offset + limit : null,
    };
  }

  async function addUp(
    id: string,
    by: TotalsBy,
    bounds: readonly Mark[],
    offset: number,
    limit: number,
  ): Promise<Total[]> {
    const totals = await readTotals(database, id, { by, bounds, offset, limit });
    if (totals !== null) return totals;
    const shorter = by === "day" ? "Give a smaller limit, or a shorter span" : "Give a shorter span";
    throw toInvalid([
      {
        path: "from",
        message: `begins a span of more than ${ADDED_MAX} rows, or one that cuts a window of as many entries. ${shorter}`,
      },
    ]);
  }

  return {
    async balance(account, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      const checked = check(request.balanceQuery, query);
      if (checked.at !== null && checked.seq !== null)
        throw toInvalid([{ path: "seq", message: "is given with at. Give one of them" }]);
      return settled(readBalance(id, checked), signal);
    },

    async totals(account, query, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return settled(readPart(id, toTotalsQuery(query)), signal);
    },
  };
}

function toTotalsQuery(query: unknown) {
  const checked = check(request.totalsQuery, query);
  if (checked.timeZone !== null && checked.by !== "day")
    throw toInvalid([{ path: "timeZone", message: "is given without days. Leave it out, or set by to day" }]);
  return checked;
}

/** Returns the dimension whose label a total needs. */
function toDimensioned({ key }: Total, by: TotalsBy) {
  const dimension = key === null ? null : { id: key, label: null };
  return {
    project: by === "project" ? dimension : null,
    member: by === "member" ? dimension : null,
    task: null,
  };
}
