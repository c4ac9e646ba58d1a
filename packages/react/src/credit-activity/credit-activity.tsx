"use client";

import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { numberFormats } from "../amounts/amounts.js";
import { browserTimeZone, dateFormats, dayNumber } from "../dates/dates.js";
import { Filter } from "../filter/filter.js";
import { toLabelFunctions } from "../labels/label-functions.js";
import type { LabelFunctions, Labels } from "../labels/labels.js";
import { formatRange, Pager } from "../pager/pager.js";
import { type Formats, reasonFor } from "../table/formats.js";
import { FailureMessage } from "../table/message.js";
import { ActivityTable } from "../table/table.js";
import type { ActivitySnapshot, Announcement, Failure } from "../use-activity/activity-store.js";
import { type ActivityConnection, useActivity } from "../use-activity/use-activity.js";
import { Remaining } from "./remaining.js";
import { useKeptFocus } from "./use-kept-focus.js";

/** The props of `<CreditActivity>`. Only the connection and the account are required. */
export type CreditActivityProps = ActivityConnection & {
  readonly account: string;
  /** The rows per page. Default: 8. */
  readonly perPage?: number | undefined;
  /** A BCP 47 language tag. Default: the browser's. */
  readonly locale?: string | undefined;
  /** An IANA time zone. Default: the browser's. */
  readonly timeZone?: string | undefined;
  /** Default: `"h23"`. */
  readonly hourCycle?: "h12" | "h23" | undefined;
  /** Replacements of the English words, each as data or a function. Functions can't come from a server component. */
  readonly labels?: Partial<Labels> | undefined;
  /** The interval at which a visible page 1 is reloaded. Default: never. */
  readonly refreshSeconds?: number | undefined;
  /** A change of this value reloads the page. It can be a count of purchases, for example. */
  readonly refreshKey?: string | number | undefined;
  /**
   * Called when the page shows a failure, with the error and the message on the screen. A failure of `refreshSeconds` is
   * not shown.
   */
  readonly onError?: ((error: unknown, message: string) => void) | undefined;
  /** Actions beside the balance, such as a link that buys credits. */
  readonly actions?: ReactNode;
  /** The level of the page's heading. Default: 2. */
  readonly headingLevel?: 1 | 2 | 3 | 4 | 5 | 6 | undefined;
  readonly className?: string | undefined;
};

/** The Credit Activity page of an account. It sends GET requests only. */
export function CreditActivity(props: CreditActivityProps) {
  const { account, perPage = 8, refreshSeconds, refreshKey, actions, headingLevel = 2, className } = props;
  const [snapshot, store] = useActivity(props, account, perPage, { refreshSeconds, refreshKey });
  const formats = useFormats(props);
  const { labels, numbers } = formats;
  const { filter, page, pages, shown, balance, busy, failure } = snapshot;

  useOnError(snapshot, labels, props.onError);

  const rootRef = useRef<HTMLElement>(null);
  const tableRef = useRef<HTMLTableElement>(null);
  const keptFocus = useKeptFocus(rootRef, tableRef);
  const headingId = useId();
  const Heading = `h${headingLevel}` as const;
  const empty = shown !== null && shown.page.total === 0;

  // After a failed change of the page, Previous and Next count from the rows on the screen.
  const isStale = failure?.what === "change" && shown?.filter === filter;
  return (
    <section
      ref={rootRef}
      className={className === undefined ? "credits-activity" : `credits-activity ${className}`}
      aria-labelledby={headingId}
      {...keptFocus}
    >
      <svg className="credits-width" aria-hidden="true" focusable="false" />
      <div className="credits-layout">
        <header className="credits-header">
          <div className="credits-titles">
            <Heading id={headingId} className="credits-page-title">
              {labels.title()}
            </Heading>
            <p className="credits-subtitle">{labels.subtitle()}</p>
          </div>
          <div className="credits-aside">
            <Remaining balance={balance} failed={failure !== null} formats={formats} />
            {hasContent(actions) && <div className="credits-actions">{actions}</div>}
          </div>
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
          {pages > 1 && <RowsSpacer rows={perPage} />}
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
            page={isStale ? shown.page.page : page}
            pages={pages}
            labels={labels}
            numbers={numbers}
            onSelect={store.selectPage}
          />
        )}
        <p className="credits-hidden" aria-live="polite">
          <span key={snapshot.announcement.id}>{announcementText(snapshot, formats)}</span>
        </p>
      </div>
    </section>
  );
}

/**
 * Keeps the height of a full page, so that the pager stays below the pointer on a last page with fewer rows. The ratio
 * of an image carries the number of rows, because a strict Content-Security-Policy forbids style attributes.
 */
function RowsSpacer({ rows }: { readonly rows: number }) {
  return (
    <svg className="credits-rows-spacer" viewBox={`0 0 1 ${rows}`} aria-hidden="true" focusable="false" />
  );
}

/** True if React renders something for a node, not only the result of a condition such as `canBuy && <a />`. */
function hasContent(node: ReactNode): boolean {
  return node !== undefined && node !== null && typeof node !== "boolean" && node !== "";
}

function failureText(failure: Failure, labels: LabelFunctions): string {
  const reason = reasonFor(failure.error, labels);
  if (failure.what === "load") return labels.loadFailed({ reason });
  return failure.what === "change" ? labels.changeFailed({ reason }) : labels.refreshFailed({ reason });
}

function announcementText({ announcement }: ActivitySnapshot, { labels, numbers }: Formats): string {
  const shownError = toShownError(announcement, labels);
  if (shownError !== null) return shownError.message;
  switch (announcement.what) {
    case "page":
      if (announcement.page.total === 0) return labels.emptyTitle({ filter: announcement.filter });
      return labels.announcement(formatRange(announcement.page, numbers));
    case "entries":
      return labels.entriesAnnouncement({
        shown: numbers.count(announcement.shown),
        total: numbers.count(announcement.total),
        number: announcement.total,
      });
    default:
      return "";
  }
}

/** Returns the error of an announced failure with its message, or null if the announcement is not a failure. */
function toShownError(announcement: Announcement, labels: LabelFunctions) {
  switch (announcement.what) {
    case "failure":
      return { error: announcement.failure.error, message: failureText(announcement.failure, labels) };
    case "entries-failure": {
      const { error } = announcement;
      return { error, message: labels.entriesFailed({ reason: reasonFor(error, labels) }) };
    }
    default:
      return null;
  }
}

/** Calls `onError` once per failure that the page announces. */
function useOnError(
  { announcement }: ActivitySnapshot,
  labels: LabelFunctions,
  onError: CreditActivityProps["onError"],
): void {
  const reported = useRef<Announcement | null>(null);
  useEffect(() => {
    const shown = toShownError(announcement, labels);
    if (shown === null || reported.current === announcement) return;
    reported.current = announcement;
    // An error of the callback must not unmount the page, as it would in an effect.
    if (onError !== undefined) queueMicrotask(() => onError(shown.error, shown.message));
  }, [announcement, labels, onError]);
}

function useFormats(props: CreditActivityProps): Formats {
  const { locale, hourCycle = "h23", labels: givenLabels } = props;
  const timeZone = props.timeZone ?? browserTimeZone();
  const nowMs = useNow(timeZone);
  const labels = useMemo(() => toLabelFunctions(givenLabels, locale), [givenLabels, locale]);
  const numbers = useMemo(() => numberFormats(locale), [locale]);
  const dates = useMemo(
    () => dateFormats({ locale, timeZone, hourCycle, labels }),
    [locale, timeZone, hourCycle, labels],
  );
  return { labels, numbers, dates, nowMs };
}

/**
 * Returns a time of the current day, or null until the page is mounted, because a prerendered page has no current time.
 * It changes with the day, so that "Today" becomes "Yesterday" on an open page.
 */
function useNow(timeZone: string): number | null {
  const [nowMs, setNowMs] = useState<number | null>(null);
  useEffect(() => {
    const check = () => {
      setNowMs((before) => {
        const now = Date.now();
        return before !== null && dayNumber(timeZone, before) === dayNumber(timeZone, now) ? before : now;
      });
    };
    check();
    const timer = setInterval(check, 30_000);
    return () => clearInterval(timer);
  }, [timeZone]);
  return nowMs;
}
