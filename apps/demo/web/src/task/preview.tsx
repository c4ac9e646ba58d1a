import { Lock } from "lucide-react";
import type { DemoProject, Task } from "../data/demo-api.js";

/** The parts of the drawn page, in the order of the task. */
const PARTS = ["bar", "hero", "tile", "tile", "tile", "tile", "tile", "tile", "form", "foot"] as const;

/** A drawing of the app that the task fills in. It is hidden from screen readers, because the log has the same facts. */
export function Preview({ project, task }: { readonly project: DemoProject; readonly task: Task | null }) {
  const done = countBuilt(project, task);
  return (
    <div className="preview" aria-hidden="true">
      <div className="preview-window">
        <div className="preview-address">
          <span className="preview-lights" />
          <span className="preview-domain">
            <Lock />
            {project.domain}
          </span>
        </div>
        <div className="preview-page" data-look={project.id}>
          {PARTS.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts keep their order.
            <div key={index} className={`preview-${part}`} data-built={index < done || undefined}>
              <i />
              <b />
              <b />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function countBuilt(project: DemoProject, task: Task | null): number {
  if (task === null) return project.built ? PARTS.length : 0;
  if (task.state === "done" || (task.state === "stopped" && project.built)) return PARTS.length;
  return Math.floor((task.stepsDone / task.stepsTotal) * (PARTS.length + 0.5));
}
