import { type Account, type Amount, subtractAmounts, type Time } from "@credit-activity/client";

const FORMATS = new Map<number, Intl.NumberFormat>();

/** Formats an amount exactly, with a minimum of decimals. */
export function formatAmount(amount: Amount, decimalsMin = 2): string {
  let format = FORMATS.get(decimalsMin);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimalsMin, maximumFractionDigits: 6 });
    FORMATS.set(decimalsMin, format);
  }
  // Intl formats strings exactly.
  return format.format(amount).replace("-", "−");
}

/** Returns the credits of an account without those that start later. */
export function toEffective({ balance, pending }: Pick<Account, "balance" | "pending">): Amount {
  return subtractAmounts(balance, pending);
}

/** Formats a day: "December 20, 2026". */
export function formatDay(time: Time, timeZone: string): string {
  return new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeZone }).format(new Date(time));
}

/** Formats a duration: "0:48". */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Returns the initials of a person's name. */
export function toInitials(name: string): string {
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.slice(0, 1).toUpperCase())
    .join("");
}
