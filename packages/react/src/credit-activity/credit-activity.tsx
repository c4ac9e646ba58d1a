"use client";

import type { Amount } from "@credit-activity/client";
import { type CSSProperties, useEffect, useId, useMemo, useRef, useState } from "react";
import { numberFormats, sharedDecimals } from "../amounts/amounts.js";
import { browserTimeZone, dateFormats, dayNumber } from "../dates/dates.js";
import { Filter } from "../filter/filter.js";
import { defaultLabels, type Labels } from "../labels.js";
import { Pager, rangeOf } from "../pager/pager.js";
import { type Formats, reasonFor } from "../table/formats.js";
import { FailureMessage } from "../table/message.js";
import { ActivityTable } from "../table/table.js";
import type { ActivitySnapshot, Failure } from "../use-activity/activity-store.js";
import { type ActivityConnection, useActivity } from "../use-activity/use-activity.js";
import { Remaining } from "./remaining.js";
import { useKeptFocus } from "./use-kept-focus.js";

/** What `<CreditActivity>` takes: a connection and an account, and else nothing that it needs. */
export type CreditActivityProps = ActivityConnection & {
  readonly account: string;
  /** Rows on a page; 8 when left out. */
  readonly perPage?: number | undefined;
  /** A BCP 47 tag; the browser's when left out. */
  readonly locale?: string | undefined;
  /** An IANA name; the browser's when left out. */
  readonly timeZone?: string | undefined;
  /** `"h23"` when left out. */
  readonly hourCycle?: "h12" | "h23" | undefined;
  /** Words to use in place of the English ones; those left out stay. */
  readonly labels?: Partial<Labels> | undefined;
  /** Looks for news this often, while the document is visible and page 1 is shown. Never when left out. */
  readonly refreshSeconds?: number | undefined;
  /** Another value than before makes the page load anew what it shows: a count of purchases, for instance. */
  readonly refreshKey?: string | number | undefined;
  /** The level of the page's heading; 2 when left out. */
  readonly headingLevel?: 1 | 2 | 3 | 4 | 5 | 6 | undefined;
  readonly className?: string | undefined;
};

/** Every credit added, used and corrected, and the balance after it. It makes GET requests only. */
export function CreditActivity(props: CreditActivityProps) {
  const { account, perPage = 8, refreshSeconds, refreshKey, headingLevel = 2, className } = props;
  const [snapshot, store] = useActivity(props, account, perPage, { refreshSeconds, refreshKey });
  const formats = useFormats(props);
  const { labels, numbers } = formats;
  const { filter, page, pages, shown, balance, busy, failure } = snapshot;

  const rootRef = useRef<HTMLElement>(null);
  const tableRef = useRef<HTMLTableElement>(null);
  const keptFocus = useKeptFocus(rootRef, tableRef);
  const headingId = useId();
  const Heading = `h${headingLevel}` as const;
  const empty = shown !== null && shown.page.total === 0;

  // After a page that did not come, Previous and Next count from the rows that are still here.
  const missed = failure?.what === "change" && shown?.filter === filter;
  return (
    <section
      ref={rootRef}
      className={className === undefined ? "credits-activity" : `credits-activity ${className}`}
      style={{ "--credits-rows": pages > 1 ? perPage : 0 } as CSSProperties}
      aria-labelledby={headingId}
      {...keptFocus}
    >
      <div className="credits-layout">
        <header className="credits-header">
          <div>
            <Heading id={headingId} className="credits-page-title">
              {labels.title()}
            </Heading>
            <p className="credits-subtitle">{labels.subtitle()}</p>
          </div>
          <Remaining
            credits={balance === null ? null : numbers.balance(sizeOf(balance), sharedDecimals([balance]))}
            owed={balance?.startsWith("-") ?? false}
            failed={failure !== null}
            labels={labels}
          />
        </header>
        <Filter selected={filter} labels={labels} onSelect={store.selectFilter} />
        {failure !== null && failure.what !== "load" && (
          <FailureMessage
            text={failureText(failure, labels)}
            retrying={busy}
            labels={labels}
            onRetry={store.retry}
          />
        )}
        <div className="credits-frame">
          <ActivityTable
            snapshot={snapshot}
            store={store}
            perPage={perPage}
            formats={formats}
            tableRef={tableRef}
          />
        </div>
        {!empty && (
          <Pager
            shown={shown?.page ?? null}
            page={missed ? shown.page.page : page}
            pages={pages}
            labels={labels}
            numbers={numbers}
            onSelect={store.selectPage}
          />
        )}
        <p className="credits-hidden" aria-live="polite">
          <span key={snapshot.news.id}>{newsText(snapshot, formats)}</span>
        </p>
      </div>
    </section>
  );
}

/** An amount without its sign. */
function sizeOf(amount: Amount): Amount {
  return amount.replace(/^-/, "") as Amount;
}

function failureText(failure: Failure, labels: Labels): string {
  const reason = reasonFor(failure.error, labels);
  if (failure.what === "load") return labels.loadFailed({ reason });
  return failure.what === "change" ? labels.changeFailed({ reason }) : labels.refreshFailed({ reason });
}

function newsText({ news }: ActivitySnapshot, { labels, numbers }: Formats): string {
  switch (news.what) {
    case "page":
      if (news.page.total === 0) return labels.emptyTitle({ filter: news.filter });
      return labels.announcement(rangeOf(news.page, numbers));
    case "failure":
      return failureText(news.failure, labels);
    case "entries":
      return labels.entriesAnnouncement({
        shown: numbers.count(news.shown),
        total: numbers.count(news.total),
      });
    case "entries-failure":
      return labels.entriesFailed({ reason: reasonFor(news.error, labels) });
    case "nothing":
      return "";
  }
}

function useFormats(props: CreditActivityProps): Formats {
  const { locale, hourCycle = "h23", labels: ownLabels } = props;
  const timeZone = props.timeZone ?? browserTimeZone();
  const nowMs = useNow(timeZone);
  const labels = useMemo(() => ({ ...defaultLabels, ...ownLabels }), [ownLabels]);
  const numbers = useMemo(() => numberFormats(locale), [locale]);
  const dates = useMemo(
    () => dateFormats({ locale, timeZone, hourCycle, labels }),
    [locale, timeZone, hourCycle, labels],
  );
  return { labels, numbers, dates, nowMs };
}

/** A time of the present day: it changes when the day does, so that "Today" becomes "Yesterday" on an open page. */
function useNow(timeZone: string): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const look = () => {
      setNowMs((before) => {
        const now = Date.now();
        return dayNumber(timeZone, before) === dayNumber(timeZone, now) ? before : now;
      });
    };
    look();
    const timer = setInterval(look, 30_000);
    return () => clearInterval(timer);
  }, [timeZone]);
  return nowMs;
}
