/** An amount in millionths of a credit, so that sums are exact. */
export type Micros = bigint;

/**
 * Reads an amount as the page writes it: "+1,000.00", "−18.72" with U+2212, "1,862.28". Anything else throws, a hyphen
 * for a minus as well.
 */
export function shownAmount(text: string): Micros {
  const match = /^([+\u2212]?)(\d{1,3}(?:,\d{3})*)\.(\d{2,6})$/.exec(text);
  if (match === null) throw new Error(`"${text}" is not an amount as the page should write it.`);
  const [, sign, whole = "", decimals = ""] = match;
  return micros(sign === "\u2212", whole.replaceAll(",", ""), decimals);
}

/** Reads an amount as the API writes it: "-18.72". */
export function wireAmount(text: string): Micros {
  const match = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null) throw new Error(`"${text}" is not an amount as the API should write it.`);
  const [, sign, whole = "", decimals = ""] = match;
  return micros(sign === "-", whole, decimals);
}

function micros(isNegative: boolean, whole: string, decimals: string): Micros {
  const amount = BigInt(whole + decimals.padEnd(6, "0"));
  return isNegative ? -amount : amount;
}
