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

/** The source of corrections. */
export const support = { type: "support", label: "Support" };

/** Returns the name of a project. */
export function toProjectName(id: string): string {
  const project = demoAccounts.flatMap((account) => account.projects).find((one) => one.id === id);
  if (project === undefined) throw new Error(`The demo has no project "${id}".`);
  return project.name;
}

/** Returns the cause of AI usage by a model. */
export function ai(model: Model, project: string, description: string): Cause {
  return { kind: "ai_usage", source: model, project, description };
}

/** Returns the cause of build usage. */
export function build(project: string, description: string): Cause {
  return { kind: "build_usage", source: toSource(project), project, description };
}

/** Returns the cause of runtime usage. */
export function runtime(project: string, description: string): Cause {
  return { kind: "runtime_usage", source: toSource(project), project, description };
}

function toSource(project: string) {
  return { type: "project", id: project, label: toProjectName(project) };
}
