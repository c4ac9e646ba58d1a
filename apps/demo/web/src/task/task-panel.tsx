import { Pause, Play, Plus, RotateCw, Square } from "lucide-react";
import { useState } from "react";
import { buyCredits, type Task, type TaskAction } from "../data/demo-api.js";
import { formatAmount } from "../data/format.js";

/** The progress and cost of a task, with its actions. */
export function TaskPanel(props: {
  readonly task: Task;
  readonly account: string;
  readonly busy: boolean;
  readonly onAction: (action: TaskAction) => Promise<void>;
  /** Called after the purchase of credits for a task that ran out of them. */
  readonly onBought: () => Promise<void>;
}) {
  const { task, busy, onAction } = props;
  const working = task.steps.at(-1);
  return (
    <div className="panel" data-state={task.state}>
      <div className="panel-head">
        <p className="panel-state" role="status">
          {stateText(task)}
        </p>
        <p className="panel-cost">
          <strong className="figure" data-testid="task-cost">
            {formatAmount(task.spent)}
          </strong>{" "}
          credits so far
        </p>
      </div>
      <progress
        className="progress"
        max={task.stepsTotal}
        value={task.stepsDone}
        aria-label="Steps done"
        aria-valuetext={`${task.stepsDone} of ${task.stepsTotal} steps`}
      />
      <div className="panel-foot">
        <p className="panel-step">
          <span className="figure">
            {task.stepsDone} of {task.stepsTotal} steps
          </span>
          {task.state === "running" && working?.status === "running" && (
            <span className="panel-now"> · {working.label}</span>
          )}
        </p>
        <div className="panel-actions">
          {task.state === "running" && (
            <Action icon={Pause} text="Pause" busy={busy} onClick={() => onAction({ action: "pause" })} />
          )}
          {task.state === "paused" && (
            <Action
              icon={Play}
              text="Resume"
              primary
              busy={busy}
              onClick={() => onAction({ action: "resume" })}
            />
          )}
          {task.state === "failed" && (
            <Action
              icon={RotateCw}
              text="Try again"
              busy={busy}
              onClick={() => onAction({ action: "resume" })}
            />
          )}
          {task.state === "out_of_credits" && <TopUp {...props} />}
          <Action icon={Square} text="Stop" busy={busy} onClick={() => onAction({ action: "stop" })} />
        </div>
      </div>
    </div>
  );
}

function stateText(task: Task): string {
  switch (task.state) {
    case "running":
      return "Working";
    case "paused":
      return "Paused";
    case "out_of_credits":
      return `Out of credits: the next step takes ${formatAmount(task.required ?? "0")}, and ${formatAmount(task.available ?? "0")} are left.`;
    case "failed":
      return "A step failed. Nothing was charged for it.";
    default:
      return "";
  }
}

/** A button that stands in for a checkout. */
function TopUp(props: {
  readonly account: string;
  readonly busy: boolean;
  readonly onBought: () => Promise<void>;
}) {
  const { account, busy, onBought } = props;
  const [order] = useState(() => crypto.randomUUID());
  const [buying, setBuying] = useState(false);
  const [failed, setFailed] = useState(false);
  const buy = async () => {
    setBuying(true);
    setFailed(false);
    try {
      // A repeated order has the same id, so it counts once.
      await buyCredits(account, order);
      await onBought();
    } catch {
      setFailed(true);
    } finally {
      setBuying(false);
    }
  };
  return (
    <>
      {failed && (
        <span className="panel-failed" role="alert">
          That didn’t work.
        </span>
      )}
      <Action icon={Plus} text="Add 100 credits" primary busy={busy || buying} onClick={buy} />
    </>
  );
}

function Action(props: {
  readonly icon: typeof Pause;
  readonly text: string;
  readonly primary?: boolean;
  readonly busy: boolean;
  readonly onClick: () => Promise<void>;
}) {
  const { icon: Icon, text, primary = false, busy, onClick } = props;
  return (
    <button
      type="button"
      className={primary ? "button button-primary" : "button"}
      aria-disabled={busy}
      onClick={() => {
        if (!busy) void onClick();
      }}
    >
      <Icon aria-hidden="true" />
      {text}
    </button>
  );
}
