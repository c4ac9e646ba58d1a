import type { Amount } from "@credit-activity/client";
import { sharedDecimals } from "../amounts/amounts.js";
import type { Formats } from "../table/formats.js";

/** The balance in a sentence with small words: "1,862.28 credits remaining", "3.00 credits owed". */
export function Remaining(props: {
  /** It is null until the first load. */
  readonly balance: Amount | null;
  readonly failed: boolean;
  readonly formats: Formats;
}) {
  const { balance, failed, formats } = props;
  if (balance === null) {
    return (
      <p className="credits-remaining" aria-hidden="true">
        {!failed && <span className="credits-skeleton credits-remaining-amount" />}
      </p>
    );
  }
  const { labels, numbers } = formats;
  const size = balance.replace(/^-/, "") as Amount;
  const credits = numbers.balance(size, sharedDecimals([size]));
  const values = { credits, number: Number(size) };
  const sentence = balance.startsWith("-") ? labels.owed(values) : labels.remaining(values);
  const at = sentence.indexOf(credits);
  const [before, after] =
    at === -1 ? ["", sentence] : [sentence.slice(0, at), sentence.slice(at + credits.length)];
  return (
    <p className="credits-remaining">
      {before !== "" && <span className="credits-remaining-words">{before}</span>}
      {at !== -1 && (
        <strong className="credits-remaining-amount credits-figure" dir="ltr">
          {credits}
        </strong>
      )}
      {after !== "" && <span className="credits-remaining-words">{after}</span>}
    </p>
  );
}
