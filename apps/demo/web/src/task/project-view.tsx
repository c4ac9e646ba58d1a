import type { Amount } from "@credit-activity/client";
import { useEffect, useState } from "react";
import { type DemoProject, sendAction, type TaskAction, type Tasks } from "../data/demo-api.js";
import type { Polled } from "../data/use-polled.js";
import { Composer } from "./composer.js";
import { Preview } from "./preview.js";
import { TaskLog } from "./task-log.js";
import { TaskPanel } from "./task-panel.js";

/** A project: the log of its task, and a preview of the app. */
export function ProjectView(props: {
  readonly account: string;
  readonly project: DemoProject;
  readonly tasks: Polled<Tasks>;
  readonly balance: Amount | null;
  readonly onSpent: () => void;
}) {
  const { account, project, tasks, balance, onSpent } = props;
  const [problem, setProblem] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const [prompt, setPrompt] = useState(project.prompt);
  const task = tasks.value?.task ?? null;

  useEffect(() => {
    if (!tasks.failed) setProblem(null);
  }, [tasks.failed]);

  const act = async (action: TaskAction) => {
    setSending(true);
    setProblem(null);
    try {
      tasks.put(await sendAction(account, project.id, action));
      onSpent();
    } catch (error) {
      setProblem(error instanceof TypeError || !(error instanceof Error) ? UNREACHABLE : error.message);
    } finally {
      setSending(false);
    }
  };
  const isOpen = task !== null && ["running", "paused", "out_of_credits", "failed"].includes(task.state);

  return (
    <div className="project">
      <div className="project-head">
        <h1 className="project-name">{project.name}</h1>
        <span className="project-domain">{project.domain}</span>
      </div>
      <div className="project-body">
        <section className="work" aria-label="Task">
          {task === null ? (
            <Introduction loaded={tasks.value !== null} project={project} onIdea={setPrompt} />
          ) : (
            <TaskLog task={task} />
          )}
          <div className="work-foot">
            {problem !== null && (
              <p className="problem" role="alert">
                {problem}
              </p>
            )}
            {isOpen ? (
              <TaskPanel
                task={task}
                account={account}
                busy={sending}
                onAction={act}
                onBought={() => {
                  onSpent();
                  return act({ action: "resume" });
                }}
              />
            ) : (
              <Composer
                prompt={prompt}
                onPrompt={setPrompt}
                disabled={sending || tasks.value === null}
                balance={balance}
                onStart={() => act({ action: "start", prompt })}
              />
            )}
          </div>
        </section>
        <Preview project={project} task={task} />
      </div>
    </div>
  );
}

const UNREACHABLE = "The server can’t be reached, so nothing was started or stopped. Try again in a moment.";

function Introduction(props: {
  readonly loaded: boolean;
  readonly project: DemoProject;
  readonly onIdea: (idea: string) => void;
}) {
  if (!props.loaded) return <div className="work-scroll" />;
  return (
    <div className="work-scroll work-empty">
      <h2 className="work-empty-title">What should {props.project.name} do next?</h2>
      <p className="work-empty-text">
        Describe the change. Plinth plans it, writes it and publishes a preview; each model call and build
        step takes credits as it happens.
      </p>
      <ul className="ideas">
        {props.project.ideas.map((idea) => (
          <li key={idea}>
            <button type="button" className="idea" onClick={() => props.onIdea(idea)}>
              {idea}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
