import { negateAmount } from "@credit-activity/client";
import { Check, CircleAlert, Hammer, LoaderCircle, Sparkles } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Task, TaskStep } from "../data/demo-api.js";
import { formatAmount, formatDuration } from "../data/format.js";

/** The distance from the end within which the log follows new steps. */
const FOLLOW_PX = 80;

/** The prompt and the steps of a task. It follows the newest step unless the user scrolls up. */
export function TaskLog({ task }: { readonly task: Task }) {
  const scroller = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the task makes the log grow.
  useEffect(() => {
    const element = scroller.current;
    if (element !== null && following.current) element.scrollTop = element.scrollHeight;
  }, [task]);
  const onScroll = () => {
    const element = scroller.current;
    if (element === null) return;
    following.current = element.scrollHeight - element.scrollTop - element.clientHeight < FOLLOW_PX;
  };
  return (
    // A focusable log scrolls with the keyboard.
    <section
      ref={scroller}
      className="work-scroll"
      onScroll={onScroll}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable with the keyboard.
      tabIndex={0}
      aria-label="Progress of the task"
    >
      <div className="prompt">
        <p className="prompt-text">{task.prompt}</p>
      </div>
      <h2 className="log-title">{task.title}</h2>
      <ol className="log">
        {task.steps.map((step) => (
          <Step key={step.n} step={step} startedAt={task.startedAt} stopped={task.state !== "running"} />
        ))}
      </ol>
      <Ending task={task} />
    </section>
  );
}

function Step(props: { readonly step: TaskStep; readonly startedAt: string; readonly stopped: boolean }) {
  const { step, startedAt, stopped } = props;
  const original = step.entry?.originalCredits ?? null;
  return (
    <li className="step" data-status={step.status}>
      <StepIcon step={step} stopped={stopped} />
      <span className="step-label">{step.label}</span>
      <span className="step-source">
        {step.source}
        <span className="step-time figure">
          {" · "}
          {formatDuration(Date.parse(step.at) - Date.parse(startedAt))}
        </span>
      </span>
      <span className="step-credits figure">
        {original !== null && (
          <>
            <span className="hidden">Originally </span>
            <s className="step-original">{formatAmount(negateAmount(original))}</s>
            <span className="hidden"> now </span>
          </>
        )}
        {step.entry !== null && <span>{formatAmount(negateAmount(step.entry.credits))}</span>}
      </span>
    </li>
  );
}

function StepIcon({ step, stopped }: { readonly step: TaskStep; readonly stopped: boolean }) {
  if (step.status === "refused") return <CircleAlert className="step-icon" aria-label="Not done" />;
  if (step.status === "running" && !stopped)
    return <LoaderCircle className="step-icon spinning" aria-label="Working" />;
  const Icon = step.kind === "build" ? Hammer : Sparkles;
  return <Icon className="step-icon" aria-hidden="true" />;
}

function Ending({ task }: { readonly task: Task }) {
  if (task.state !== "done" && task.state !== "stopped") return null;
  const took = formatDuration(Date.parse(task.endedAt ?? task.startedAt) - Date.parse(task.startedAt));
  return (
    <p className="ending" data-state={task.state}>
      {task.state === "done" && <Check aria-hidden="true" />}
      <span>
        {task.state === "done" ? "Done" : "Stopped"} after {task.stepsDone} of {task.stepsTotal} steps in{" "}
        <span className="figure">{took}</span>, for{" "}
        <strong className="figure">{formatAmount(task.spent)}</strong> credits.
      </span>
    </p>
  );
}
