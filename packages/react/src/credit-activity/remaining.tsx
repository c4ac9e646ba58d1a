import type { Labels } from "../labels.js";

/** The balance, large, in a sentence whose other words are small: "1,862.28 credits remaining". */
export function Remaining(props: {
  /** Null until it is known. */
  readonly credits: string | null;
  readonly failed: boolean;
  readonly labels: Labels;
}) {
  const { credits, failed, labels } = props;
  if (credits === null) {
    return (
      <p className="credits-remaining" aria-hidden="true">
        {!failed && <span className="credits-skeleton credits-remaining-amount" />}
      </p>
    );
  }
  const sentence = labels.remaining({ credits });
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
