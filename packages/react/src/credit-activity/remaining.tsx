import type { Labels } from "../labels.js";

/** The balance in a sentence with small words: "1,862.28 credits remaining", "3.00 credits owed". */
export function Remaining(props: {
  /** The balance without its sign. It is null until the first load. */
  readonly credits: string | null;
  /** True if the balance is below zero. */
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
