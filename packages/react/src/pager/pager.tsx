import type { ActivityPage } from "@credit-activity/client";
import type { NumberFormats } from "../amounts/amounts.js";
import type { Labels } from "../labels.js";

/** What is shown, and the way to the pages before and after it. */
export function Pager(props: {
  /** The page on the screen; null while there is none. */
  readonly shown: ActivityPage | null;
  /** The page that was asked for. */
  readonly page: number;
  readonly pages: number;
  readonly labels: Labels;
  readonly numbers: NumberFormats;
  readonly onSelect: (page: number) => void;
}) {
  const { shown, page, pages, labels, numbers, onSelect } = props;
  return (
    <div className="credits-footer">
      <p className="credits-showing">
        {shown !== null && shown.total > 0 && labels.showing(rangeOf(shown, numbers))}
      </p>
      <nav className="credits-pager" aria-label={labels.pager()}>
        <PagerButton text={labels.previous()} enabled={page > 1} onPress={() => onSelect(page - 1)} />
        <PagerButton text={labels.next()} enabled={page < pages} onPress={() => onSelect(page + 1)} />
      </nav>
    </div>
  );
}

/** What a page shows, as numbers to put into a sentence. */
export function rangeOf(page: ActivityPage, numbers: NumberFormats) {
  return { from: numbers.count(page.from), to: numbers.count(page.to), total: numbers.count(page.total) };
}

/** A button that can be off without losing focus, which `disabled` would take away at the first and last page. */
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
