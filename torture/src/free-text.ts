import type { Entry, Hold } from "@credit-activity/client";

/** The person whom all free text of the commands names, so that it can be found wherever it is left. */
export const PERSON = "Ada Lovelace";

/** True if something that the API returned still has free text of a command. */
export function hasText(returned: unknown): boolean {
  return JSON.stringify(returned).includes(PERSON);
}

/** Returns an entry or a hold without what the anonymization of its account erases. */
export function withoutText<Shown extends Entry | Hold>(shown: Shown): Shown {
  const { source, project, task } = shown;
  return {
    ...shown,
    title: "",
    description: null,
    source: source && { ...source, label: "" },
    project: project && { ...project, label: "" },
    task: task && { ...task, label: "" },
    member: null,
    metadata: {},
    privateMetadata: {},
    cost: null,
  };
}
