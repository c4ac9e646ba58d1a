import type { ActivityRow, Entry } from "@credit-activity/client";
import { type Formats, reasonFor } from "../table/formats.js";
import { FailureMessage } from "../table/message.js";
import { roles } from "../table/roles.js";
import { ENTRIES_PER_PART, type RowEntries } from "../use-activity/row-entries.js";
import { Change } from "./figures.js";

/** The entries of an expanded row, as rows of the same table below it, so that their figures align. */
export function EntryRows(props: {
  readonly row: ActivityRow;
  /** The loaded entries. It is undefined until the first request. */
  readonly loaded: RowEntries | undefined;
  readonly decimals: number;
  readonly formats: Formats;
  readonly onMore: (row: ActivityRow) => void;
}) {
  const { row, loaded, decimals, formats, onMore } = props;
  const { labels, numbers } = formats;
  const { entries, more, busy, failure } = loaded ?? { entries: [], more: false, busy: true, failure: null };
  const first = entries.length === 0;
  const total = Math.max(row.entries, entries.length);
  return (
    <>
      {entries.map((entry) => (
        <EntryRow key={entry.seq} entry={entry} row={row} decimals={decimals} formats={formats} />
      ))}
      {first && failure === null && (
        <EntrySkeleton count={Math.min(row.entries, ENTRIES_PER_PART)} formats={formats} />
      )}
      {failure !== null && (
        <WideRow row={row}>
          <FailureMessage
            text={labels.entriesFailed({ reason: reasonFor(failure.error, labels) })}
            retrying={busy}
            labels={labels}
            onRetry={() => onMore(row)}
          />
        </WideRow>
      )}
      {more && failure === null && (
        <WideRow row={row}>
          <button
            type="button"
            className="credits-link"
            aria-disabled={busy}
            onClick={() => {
              if (!busy) onMore(row);
            }}
          >
            {labels.showMoreEntries({
              shown: numbers.count(entries.length),
              total: numbers.count(total),
              number: total,
            })}
          </button>
        </WideRow>
      )}
    </>
  );
}

function EntryRow(props: {
  readonly entry: Entry;
  readonly row: ActivityRow;
  readonly decimals: number;
  readonly formats: Formats;
}) {
  const { entry, row, decimals, formats } = props;
  const { labels, dates, nowMs } = formats;
  const at = dates.withSeconds(entry.occurredAt, row.startedAt, nowMs);
  // The row above shows what its entries have in common.
  const description = entry.description === row.description ? null : entry.description;
  const hasOwnSource = row.various.includes("source") || row.various.includes("project");
  const discountPercent = row.various.includes("discount") ? entry.discountPercent : null;
  return (
    <tr {...roles.row} className="credits-row credits-entry">
      <td {...roles.cell} className="credits-cell credits-cell-date">
        <time dateTime={at.dateTime}>{at.text}</time>
      </td>
      <th {...roles.rowHeader} className="credits-cell credits-cell-activity">
        <bdi>{description ?? labels.entry({ seq: String(entry.seq) })}</bdi>
      </th>
      <td {...roles.cell} className="credits-cell credits-cell-source">
        {hasOwnSource && <bdi>{entry.source?.label ?? entry.project?.label}</bdi>}
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-credits">
        <Change charge={entry} discountPercent={discountPercent} decimals={decimals} formats={formats} />
      </td>
      {/* Balances within a window follow the ledger's order, not the page's. */}
      <td {...roles.cell} className="credits-cell credits-cell-balance" />
    </tr>
  );
}

function WideRow({ row, children }: { readonly row: ActivityRow; readonly children: React.ReactNode }) {
  return (
    <tr
      {...roles.row}
      className="credits-row credits-entry credits-wide-row"
      data-credits-entries-of={row.position}
    >
      <td {...roles.cell} className="credits-cell" colSpan={5}>
        {children}
      </td>
    </tr>
  );
}

function EntrySkeleton({ count, formats }: { readonly count: number; readonly formats: Formats }) {
  return Array.from({ length: count }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no other key, and keep their order.
    <tr key={index} {...roles.row} className="credits-row credits-entry" aria-hidden={index > 0}>
      <td {...roles.cell} className="credits-cell credits-cell-date">
        {index === 0 && <span className="credits-hidden">{formats.labels.entriesLoading()}</span>}
        <span className="credits-skeleton" />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-activity">
        <span className="credits-skeleton" />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-source" />
      <td {...roles.cell} className="credits-cell credits-cell-credits">
        <span className="credits-skeleton" />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-balance" />
    </tr>
  ));
}
