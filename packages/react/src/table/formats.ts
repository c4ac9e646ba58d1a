import type { NumberFormats } from "../amounts/amounts.js";
import type { DateFormats } from "../dates/dates.js";
import type { Labels } from "../labels.js";

/** How everything on a page is written. */
export interface Formats {
  readonly labels: Labels;
  readonly numbers: NumberFormats;
  readonly dates: DateFormats;
  /** What counts as now when days are named. */
  readonly nowMs: number;
}

/** Why something failed, in the page's words. */
export function reasonFor(error: unknown, labels: Labels): string {
  const known =
    typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
  return labels.failureReason({ code: known ? String(error.code) : "unknown" });
}
