import type { ActivityFilter, ActivityPage, ActivityRow, Amount } from "@credit-activity/client";
import { Fragment, type Ref, useEffect, useState, useSyncExternalStore } from "react";
import { sharedDecimals } from "../amounts/amounts.js";
import { EntryRows } from "../row/entry-rows.js";
import { toAmounts } from "../row/figures.js";
import { Row } from "../row/row.js";
import type { ActivitySnapshot, ActivityStore } from "../use-activity/activity-store.js";
import type { RowEntries } from "../use-activity/row-entries.js";
import { type Formats, reasonFor } from "./formats.js";
import { FailureMessage } from "./message.js";
import { roles } from "./roles.js";
import { SkeletonRows } from "./skeleton.js";

/** The table of the page. It has five columns in every state. */
export function ActivityTable(props: {
  readonly snapshot: ActivitySnapshot;
  readonly store: ActivityStore;
  readonly perPage: number;
  readonly formats: Formats;
  /** The table gets the focus of a removed element. */
  readonly tableRef: Ref<HTMLTableElement>;
}) {
  const { snapshot, store, perPage, formats, tableRef } = props;
  const { labels } = formats;
  const { shown, busy, failure } = snapshot;
  return (
    <table {...roles.table} ref={tableRef} tabIndex={-1} className="credits-table" aria-busy={busy}>
      <caption className="credits-hidden">
        {labels.caption({ filter: shown?.filter ?? snapshot.filter })}
      </caption>
      <thead {...roles.group} className="credits-head">
        <tr {...roles.row} className="credits-head-row">
          <th {...roles.columnHeader} className="credits-heading credits-cell-date">
            {labels.dateColumn()}
          </th>
          <th {...roles.columnHeader} className="credits-heading credits-cell-activity">
            {labels.activityColumn()}
          </th>
          <th {...roles.columnHeader} className="credits-heading credits-cell-source">
            {labels.sourceColumn()}
          </th>
          <th {...roles.columnHeader} className="credits-heading credits-cell-credits">
            {labels.creditsColumn()}
          </th>
          <th {...roles.columnHeader} className="credits-heading credits-cell-balance">
            {labels.balanceColumn()}
          </th>
        </tr>
      </thead>
      <tbody {...roles.group} className="credits-body">
        {shown === null && failure === null && <SkeletonRows count={perPage} labels={labels} />}
        {shown === null && failure !== null && (
          <StateRow>
            <FailureMessage
              text={labels.loadFailed({ reason: reasonFor(failure.error, labels) })}
              retrying={busy}
              labels={labels}
              onRetry={store.retry}
            />
          </StateRow>
        )}
        {shown !== null && shown.page.rows.length === 0 && (
          <EmptyRow filter={shown.filter} formats={formats} />
        )}
        {shown !== null && <Rows page={shown.page} store={store} formats={formats} />}
      </tbody>
    </table>
  );
}

function Rows(props: {
  readonly page: ActivityPage;
  readonly store: ActivityStore;
  readonly formats: Formats;
}) {
  const { page, store, formats } = props;
  const { rowEntries } = store;
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set());
  const entries = useSyncExternalStore(rowEntries.subscribe, rowEntries.getSnapshot, rowEntries.getSnapshot);
  const decimals = sharedDecimals(amountsOn(page, expanded, entries));

  useEffect(() => {
    for (const row of page.rows) {
      if (!expanded.has(row.position)) continue;
      rowEntries.open(row);
      rowEntries.update(row);
    }
  }, [page, expanded, rowEntries]);

  const toggle = (row: ActivityRow) => {
    const next = new Set(expanded);
    if (next.delete(row.position)) rowEntries.close(row.position);
    else next.add(row.position);
    setExpanded(next);
  };

  return page.rows.map((row) => (
    <Fragment key={row.position}>
      <Row
        row={row}
        decimals={decimals}
        formats={formats}
        expanded={expanded.has(row.position)}
        onToggle={toggle}
      />
      {expanded.has(row.position) && (
        <EntryRows
          row={row}
          loaded={entries.get(row.position)}
          decimals={decimals}
          formats={formats}
          onMore={rowEntries.more}
        />
      )}
    </Fragment>
  ));
}

function* amountsOn(
  page: ActivityPage,
  expanded: ReadonlySet<number>,
  entries: ReadonlyMap<number, RowEntries>,
): Generator<Amount | null> {
  for (const row of page.rows) {
    yield* toAmounts(row);
    yield row.balance;
    if (!expanded.has(row.position)) continue;
    for (const entry of entries.get(row.position)?.entries ?? []) yield* toAmounts(entry);
  }
}

function EmptyRow({ filter, formats }: { readonly filter: ActivityFilter; readonly formats: Formats }) {
  const { labels } = formats;
  return (
    <StateRow>
      <p className="credits-empty-title">{labels.emptyTitle({ filter })}</p>
      <p className="credits-empty-text">{labels.emptyText({ filter })}</p>
    </StateRow>
  );
}

function StateRow({ children }: { readonly children: React.ReactNode }) {
  return (
    <tr {...roles.row} className="credits-state-row">
      <td {...roles.cell} className="credits-state" colSpan={5}>
        {children}
      </td>
    </tr>
  );
}
