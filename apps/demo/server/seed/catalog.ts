import { demoAccounts } from "../demo-accounts.js";
import type { Cause } from "./step.js";

/** A model, as the source of AI usage. */
export interface Model {
  readonly type: "model";
  readonly id: string;
  readonly label: string;
}

export const sonnet: Model = { type: "model", id: "claude-sonnet", label: "Claude Sonnet" };
export const haiku: Model = { type: "model", id: "claude-haiku", label: "Claude Haiku" };
export const opus: Model = { type: "model", id: "claude-opus", label: "Claude Opus" };

/** Who corrects a balance. */
export const support = { type: "support", label: "Support" };

/** The name of a project of the account with the history. */
export function projectName(id: string): string {
  const project = demoAccounts.flatMap((account) => account.projects).find((one) => one.id === id);
  if (project === undefined) throw new Error(`The demo has no project "${id}".`);
  return project.name;
}

/** AI usage by a model, for a project. */
export function ai(model: Model, project: string, description: string): Cause {
  return { kind: "ai_usage", source: model, project, description };
}

/** Build usage of a project. */
export function build(project: string, description: string): Cause {
  return { kind: "build_usage", source: sourceOf(project), project, description };
}

/** Runtime usage of a project. */
export function runtime(project: string, description: string): Cause {
  return { kind: "runtime_usage", source: sourceOf(project), project, description };
}

function sourceOf(project: string) {
  return { type: "project", id: project, label: projectName(project) };
}
