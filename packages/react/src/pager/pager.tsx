import type { ActivityPage } from "@credit-activity/client";
import type { NumberFormats } from "../amounts/amounts.js";
import type { LabelFunctions } from "../labels/labels.js";

/** The range of rows on the screen, and the buttons for the previous and next page. */
export function Pager(props: {
  /** The page on the screen. It is null until the first load. */
  readonly shown: ActivityPage | null;
  /** The selected page. */
  readonly page: number;
  readonly pages: number;
  readonly labels: LabelFunctions;
  readonly numbers: NumberFormats;
  readonly onSelect: (page: number) => void;
}) {
  const { shown, page, pages, labels, numbers, onSelect } = props;
  return (
    <div className="credits-footer">
      <p className="credits-showing">
        {shown !== null && shown.total > 0 && labels.showing(formatRange(shown, numbers))}
      </p>
      <nav className="credits-pager" aria-label={labels.pager()}>
        <PagerButton text={labels.previous()} enabled={page > 1} onPress={() => onSelect(page - 1)} />
        <PagerButton text={labels.next()} enabled={page < pages} onPress={() => onSelect(page + 1)} />
      </nav>
    </div>
  );
}

/** Formats the range of a page for a label. */
export function formatRange(page: ActivityPage, numbers: NumberFormats) {
  const { from, to, total } = page;
  return {
    from: numbers.count(from),
    to: numbers.count(to),
    total: numbers.count(total),
    number: total,
  };
}

/** A button that is disabled by `aria-disabled`, because `disabled` takes the focus away. */
function PagerButton(props: {
  readonly text: string;
  readonly enabled: boolean;
  readonly onPress: () => void;
}) {
  const { text, enabled, onPress } = props;
  return (
    <button
      type="button"
      className="credits-button"
      aria-disabled={!enabled}
      onClick={() => {
        if (enabled) onPress();
      }}
    >
      {text}
    </button>
  );
}
