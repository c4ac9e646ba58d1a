import { Lock } from "lucide-react";
import type { DemoProject, Task } from "../data/demo-api.js";

/** The parts of the drawn page, in the order in which a task finishes them. */
const parts = ["bar", "hero", "tile", "tile", "tile", "tile", "tile", "tile", "form", "foot"] as const;

/** A drawing of the app, whose parts are filled in as the task gets on. It says nothing the log does not. */
export function Preview({ project, task }: { readonly project: DemoProject; readonly task: Task | null }) {
  const done = partsBuilt(project, task);
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
          {parts.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts never change places.
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

function partsBuilt(project: DemoProject, task: Task | null): number {
  if (task === null) return project.built ? parts.length : 0;
  if (task.state === "done" || (task.state === "stopped" && project.built)) return parts.length;
  return Math.floor((task.steps_done / task.steps_total) * (parts.length + 0.5));
}
