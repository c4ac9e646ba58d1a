import type { Labels } from "../labels.js";

/** The balance, large, in a sentence whose other words are small: "1,862.28 credits remaining", "3.00 credits owed". */
export function Remaining(props: {
  /** How much, without a sign; null until it is known. */
  readonly credits: string | null;
  /** Whether the balance is below zero: then this much is owed. */
  readonly owed: boolean;
  readonly failed: boolean;
  readonly labels: Labels;
}) {
  const { credits, owed, failed, labels } = props;
  if (credits === null) {
    return (
      <p className="credits-remaining" aria-hidden="true">
        {!failed && <span className="credits-skeleton credits-remaining-amount" />}
      </p>
    );
  }
  const sentence = owed ? labels.owed({ credits }) : labels.remaining({ credits });
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
