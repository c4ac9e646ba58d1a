import type { Amount } from "@credit-activity/client";

const numbers = new Map<number, Intl.NumberFormat>();

/** Writes an amount exactly, with at least so many decimals. */
export function formatAmount(amount: Amount, decimalsMin = 2): string {
  let format = numbers.get(decimalsMin);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimalsMin, maximumFractionDigits: 6 });
    numbers.set(decimalsMin, format);
  }
  // Given as a string, so that no amount goes through a double.
  return format.format(amount as `${number}`).replace("-", "−");
}

/** Writes a day: "December 20, 2026". */
export function formatDay(timestamp: string, timeZone: string): string {
  return new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone }).format(new Date(timestamp));
}

/** Writes how long something took or takes: "0:48". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** The first letters of a person's name. */
export function initialsOf(name: string): string {
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.slice(0, 1).toUpperCase())
    .join("");
}
