import type { ActivityRow } from "@credit-activity/client";
import type { Span } from "../dates/dates.js";
import { rowCount, rowSource, rowTitle } from "../labels/label-functions.js";
import type { Formats } from "../table/formats.js";
import { roles } from "../table/roles.js";
import { Balance, Change } from "./figures.js";

/** A row of the page. A row of several entries has a button that shows them. */
export function Row(props: {
  readonly row: ActivityRow;
  readonly decimals: number;
  readonly formats: Formats;
  readonly expanded: boolean;
  readonly onToggle: (row: ActivityRow) => void;
}) {
  const { row, decimals, formats, expanded, onToggle } = props;
  const { labels, dates, nowMs } = formats;
  const span = dates.span(row.startedAt, row.endedAt, nowMs);
  return (
    <tr {...roles.row} className="credits-row" data-expanded={expanded}>
      <td {...roles.cell} className="credits-cell credits-cell-date" data-days={span.twoDays ? "two" : "one"}>
        <TimeSpan span={span} />
      </td>
      <th {...roles.rowHeader} className="credits-cell credits-cell-activity">
        <span className="credits-title">
          <bdi>{rowTitle(row, labels)}</bdi>
        </span>
        <Description row={row} formats={formats} expanded={expanded} onToggle={onToggle} />
      </th>
      <td {...roles.cell} className="credits-cell credits-cell-source">
        <bdi>{rowSource(row, labels)}</bdi>
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-credits">
        <Change charge={row} discountPercent={row.discountPercent} decimals={decimals} formats={formats} />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-balance">
        <Balance balance={row.balance} decimals={decimals} formats={formats} />
      </td>
    </tr>
  );
}

function TimeSpan({ span }: { readonly span: Span }) {
  const { start, end } = span;
  return (
    <>
      <time dateTime={start.dateTime}>{start.text}</time>
      {end !== null && (
        <>
          {" – "}
          <time dateTime={end.dateTime}>{end.text}</time>
        </>
      )}
    </>
  );
}

function Description(props: {
  readonly row: ActivityRow;
  readonly formats: Formats;
  readonly expanded: boolean;
  readonly onToggle: (row: ActivityRow) => void;
}) {
  const { row, formats, expanded, onToggle } = props;
  const { labels, numbers } = formats;
  const { description, entries } = row;
  const count = rowCount(row, numbers.count(entries), labels);

  if (entries > 1) {
    const text = description === null ? count : labels.describedCount({ description, count });
    return (
      <span className="credits-description">
        <button
          type="button"
          className="credits-disclosure"
          aria-expanded={expanded}
          data-credits-position={row.position}
          onClick={() => onToggle(row)}
        >
          <bdi>{text}</bdi>
          <svg className="credits-chevron" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
            <path d="M3 4.5 6 7.5l3-3" />
          </svg>
        </button>
      </span>
    );
  }
  const text = description ?? (row.type === "usage" ? count : null);
  return text === null ? null : (
    <span className="credits-description">
      <bdi>{text}</bdi>
    </span>
  );
}
