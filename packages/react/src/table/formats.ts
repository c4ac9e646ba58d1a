import type { NumberFormats } from "../amounts/amounts.js";
import type { DateFormats } from "../dates/dates.js";
import type { LabelFunctions } from "../labels/labels.js";

/** The labels and formats of a page. */
export interface Formats {
  readonly labels: LabelFunctions;
  readonly numbers: NumberFormats;
  readonly dates: DateFormats;
  /** The current time, for names of days. It is null until the page is mounted. */
  readonly nowMs: number | null;
}

/** Returns the page's sentence for an error. */
export function reasonFor(error: unknown, labels: LabelFunctions): string {
  const hasCode =
    typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
  return labels.failureReason({ code: hasCode ? String(error.code) : "unknown" });
}
