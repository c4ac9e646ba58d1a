import type { Amount } from "@credit-activity/client";

const decimalsMin = 2;

/** How many decimals an amount needs, without the zeros at its end. */
export function decimalsOf(amount: Amount): number {
  const point = amount.indexOf(".");
  return point === -1 ? 0 : amount.slice(point + 1).replace(/0+$/, "").length;
}

/** How many decimals all these amounts are shown with, so that their points line up: as many as the most precise one. */
export function sharedDecimals(amounts: Iterable<Amount | null>): number {
  let decimals = decimalsMin;
  for (const amount of amounts) {
    if (amount !== null) decimals = Math.max(decimals, decimalsOf(amount));
  }
  return decimals;
}

/** Numbers as the reader's locale writes them. */
export interface NumberFormats {
  /** A signed change: "+37.00", "−18.72", and "0.00" without a sign. */
  change(amount: Amount, decimals: number): string;
  /** A balance: "1,862.28", and "−3.00" when it is a debt. */
  balance(amount: Amount, decimals: number): string;
  /** A whole number: "1,204". */
  count(count: number): string;
  /** "20%" or "12.5%". */
  percent(percent: number): string;
}

/**
 * Makes the formats of a locale. Amounts are handed to `Intl` as strings, which it reads digit by digit: they never
 * become floats, and 13 digits with 6 decimals come out as they went in.
 */
export function numberFormats(locale: string | undefined): NumberFormats {
  const byDecimals = new Map<number, Intl.NumberFormat>();
  const amountFormat = (decimals: number) => {
    const known = byDecimals.get(decimals);
    if (known !== undefined) return known;
    const made = new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      signDisplay: "never",
      useGrouping: true,
    });
    byDecimals.set(decimals, made);
    return made;
  };
  const countFormat = new Intl.NumberFormat(locale);
  const percentFormat = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });

  return {
    change: (amount, decimals) => signOf(amount, "+") + amountFormat(decimals).format(amount),
    balance: (amount, decimals) => signOf(amount, "") + amountFormat(decimals).format(amount),
    count: (count) => countFormat.format(count),
    percent: (percent) => percentFormat.format(`${percent}e-2` as Amount),
  };
}

/** What an amount does to a balance. */
export function directionOf(amount: Amount): "added" | "taken" | "none" {
  if (!/[1-9]/.test(amount)) return "none";
  return amount.startsWith("-") ? "taken" : "added";
}

function signOf(amount: Amount, plus: string): string {
  const direction = directionOf(amount);
  if (direction === "none") return "";
  // U+2212 is as wide as the plus sign and as a figure, which a hyphen is not.
  return direction === "taken" ? "\u2212" : plus;
}
