import type { ActivityRow } from "@credit-activity/client";
import type { Span } from "../dates/dates.js";
import type { Formats } from "../table/formats.js";
import { roles } from "../table/roles.js";
import { Balance, Change } from "./figures.js";

/** One row of the page. A row that stands for several entries has a button that shows them. */
export function Row(props: {
  readonly row: ActivityRow;
  readonly decimals: number;
  readonly formats: Formats;
  readonly expanded: boolean;
  readonly onToggle: (row: ActivityRow) => void;
}) {
  const { row, decimals, formats, expanded, onToggle } = props;
  const { labels, dates, nowMs } = formats;
  const span = dates.span(row.started_at, row.ended_at, nowMs);
  return (
    <tr {...roles.row} className="credits-row" data-expanded={expanded}>
      <td {...roles.cell} className="credits-cell credits-cell-date" data-days={span.twoDays ? "two" : "one"}>
        <SpanOfTime span={span} />
      </td>
      <th {...roles.rowHeader} className="credits-cell credits-cell-activity">
        <span className="credits-title">
          <bdi>{labels.rowTitle({ kind: row.kind, title: row.title })}</bdi>
        </span>
        <Description row={row} formats={formats} expanded={expanded} onToggle={onToggle} />
      </th>
      <td {...roles.cell} className="credits-cell credits-cell-source">
        <bdi>{row.source?.label ?? row.project}</bdi>
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-credits">
        <Change
          credits={row.credits}
          original={row.original_credits}
          discountPercent={row.discount_percent}
          decimals={decimals}
          formats={formats}
        />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-balance">
        <Balance balance={row.balance} decimals={decimals} formats={formats} />
      </td>
    </tr>
  );
}

function SpanOfTime({ span }: { readonly span: Span }) {
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
  const isUsage = row.category === "used";
  const count = labels.usageCount({ kind: row.kind, count: row.entries, text: numbers.count(row.entries) });
  const common = row.common_description;

  if (row.entries > 1) {
    const sentence = common === null ? count : labels.describedCount({ description: common, count });
    return (
      <span className="credits-description">
        <button
          type="button"
          className="credits-disclosure"
          aria-expanded={expanded}
          data-credits-position={row.position}
          onClick={() => onToggle(row)}
        >
          <bdi>{sentence}</bdi>
          <svg className="credits-chevron" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
            <path d="M3 4.5 6 7.5l3-3" />
          </svg>
        </button>
      </span>
    );
  }
  // The server counts in English; a single usage without words of its own is counted in the page's language.
  const text = common ?? (isUsage ? count : row.description);
  return text === null ? null : (
    <span className="credits-description">
      <bdi>{text}</bdi>
    </span>
  );
}
