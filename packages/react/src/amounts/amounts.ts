import type { Amount } from "@credit-activity/client";

const DECIMALS_MIN = 2;

/** Counts the decimals of an amount without trailing zeros. */
export function countDecimals(amount: Amount): number {
  const point = amount.indexOf(".");
  return point === -1 ? 0 : amount.slice(point + 1).replace(/0+$/, "").length;
}

/** Returns the number of decimals of the most precise amount, at least two, so that all points align. */
export function sharedDecimals(amounts: Iterable<Amount | null>): number {
  let decimals = DECIMALS_MIN;
  for (const amount of amounts) {
    if (amount !== null) decimals = Math.max(decimals, countDecimals(amount));
  }
  return decimals;
}

/** The number formats of a locale. */
export interface NumberFormats {
  /** A signed change: "+37.00", "−18.72", and "0.00" without a sign. */
  change(amount: Amount, decimals: number): string;
  /** A balance: "1,862.28", and "−3.00" if it is a debt. */
  balance(amount: Amount, decimals: number): string;
  /** A whole number: "1,204". */
  count(count: number): string;
  /** "20%" or "12.5%". */
  percent(percent: number): string;
}

/** Creates the formats of a locale. `Intl` formats strings exactly, so amounts never become floats. */
export function numberFormats(locale: string | undefined): NumberFormats {
  const byDecimals = new Map<number, Intl.NumberFormat>();
  const amountFormat = (decimals: number) => {
    const cached = byDecimals.get(decimals);
    if (cached !== undefined) return cached;
    const format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: "never",
      useGrouping: true,
    });
    byDecimals.set(decimals, format);
    return format;
  };
  const countFormat = new Intl.NumberFormat(locale);
  const percentFormat = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });

  return {
    change: (amount, decimals) => toSign(amount, "+") + amountFormat(decimals).format(amount),
    balance: (amount, decimals) => toSign(amount, "") + amountFormat(decimals).format(amount),
    count: (count) => countFormat.format(count),
    percent: (percent) => percentFormat.format(`${percent}e-2` as Amount),
  };
}

/** Returns the direction in which an amount moves a balance. */
export function toDirection(amount: Amount): "added" | "taken" | "none" {
  if (!/[1-9]/.test(amount)) return "none";
  return amount.startsWith("-") ? "taken" : "added";
}

function toSign(amount: Amount, plus: string): string {
  const direction = toDirection(amount);
  if (direction === "none") return "";
  // U+2212 has the width of a plus sign and of a figure. A hyphen is narrower.
  return direction === "taken" ? "\u2212" : plus;
}
