import type { Amount } from "@credit-activity/client";
import { ArrowUp } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useId } from "react";
import { formatAmount } from "../data/format.js";

const PROMPT_CHARS_MAX = 2_000;

/** The form for the prompt of a task. */
export function Composer(props: {
  readonly prompt: string;
  readonly onPrompt: (prompt: string) => void;
  readonly disabled: boolean;
  readonly balance: Amount | null;
  readonly onStart: () => Promise<void>;
}) {
  const { prompt, onPrompt, disabled, balance, onStart } = props;
  const id = useId();
  const isReady = prompt.trim() !== "" && !disabled;

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (isReady) void onStart();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) submit();
  };
  return (
    <form className="composer" onSubmit={submit}>
      <label className="hidden" htmlFor={id}>
        What to build
      </label>
      <textarea
        id={id}
        className="composer-input"
        rows={3}
        maxLength={PROMPT_CHARS_MAX}
        placeholder="Describe what to build"
        value={prompt}
        onChange={(event) => onPrompt(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="composer-foot">
        <span className="composer-note figure">
          {balance !== null && `${formatAmount(balance)} credits remaining`}
        </span>
        <button type="submit" className="button button-primary" aria-disabled={!isReady}>
          <ArrowUp aria-hidden="true" />
          Start task
        </button>
      </div>
    </form>
  );
}
