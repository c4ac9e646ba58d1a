import type { LabelFunctions } from "../labels/labels.js";

/** A failure message with a Retry button. */
export function FailureMessage(props: {
  readonly text: string;
  readonly retrying: boolean;
  readonly labels: LabelFunctions;
  readonly onRetry: () => void;
}) {
  const { text, retrying, labels, onRetry } = props;
  return (
    <div className="credits-failure">
      <svg className="credits-failure-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <circle cx="8" cy="8" r="6.25" />
        <path d="M8 4.75v4M8 11.1v.15" />
      </svg>
      <p className="credits-failure-text">{text}</p>
      <button
        type="button"
        className="credits-button"
        aria-disabled={retrying}
        onClick={() => {
          if (!retrying) onRetry();
        }}
      >
        {retrying ? labels.retrying() : labels.retry()}
      </button>
    </div>
  );
}
