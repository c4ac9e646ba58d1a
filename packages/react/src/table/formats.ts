import type { NumberFormats } from "../amounts/amounts.js";
import type { DateFormats } from "../dates/dates.js";
import type { Labels } from "../labels.js";

/** The labels and formats of a page. */
export interface Formats {
  readonly labels: Labels;
  readonly numbers: NumberFormats;
  readonly dates: DateFormats;
  /** The current time, for names of days. */
  readonly nowMs: number;
}

/** Returns the page's sentence for an error. */
export function reasonFor(error: unknown, labels: Labels): string {
  const hasCode =
    typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
  return labels.failureReason({ code: hasCode ? String(error.code) : "unknown" });
}
