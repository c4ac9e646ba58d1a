import type { ActivityRow, Amount } from "@credit-activity/client";
import { toDirection } from "../amounts/amounts.js";
import type { Formats } from "../table/formats.js";

/** The credits of a row or an entry, and those before a discount. */
export type Charge = Pick<ActivityRow, "credits" | "originalCredits">;

/** Returns the amounts of a charge. */
export function toAmounts({ credits, originalCredits }: Charge): (Amount | null)[] {
  return [credits, originalCredits];
}

/** The credits of a row, after the badge and the original amount of a discount. */
export function Change(props: {
  readonly charge: Charge;
  readonly discountPercent: number | null;
  readonly decimals: number;
  readonly formats: Formats;
}) {
  const { charge, discountPercent, decimals, formats } = props;
  const { credits, originalCredits: original } = charge;
  const { labels, numbers } = formats;
  const before = original === null || original === credits ? null : numbers.change(original, decimals);
  return (
    <span className="credits-change">
      {(discountPercent !== null || before !== null) && (
        <span className="credits-before">
          {discountPercent !== null && (
            <bdi className="credits-badge">
              {labels.discount({ percent: numbers.percent(discountPercent) })}
            </bdi>
          )}{" "}
          {before !== null && (
            <>
              <span className="credits-hidden">{labels.original({ credits: before })}</span>
              <s className="credits-figure credits-original" dir="ltr" aria-hidden="true">
                {before}
              </s>
            </>
          )}
        </span>
      )}{" "}
      {/* The sign comes before the digits in every locale, so that the figures of a column align. */}
      <span className="credits-figure credits-moved" data-direction={toDirection(credits)} dir="ltr">
        {numbers.change(credits, decimals)}
      </span>
    </span>
  );
}

/** A balance, with its label for narrow layouts, which hide the header of the column. */
export function Balance(props: {
  readonly balance: Amount;
  readonly decimals: number;
  readonly formats: Formats;
}) {
  const { balance, decimals, formats } = props;
  return (
    <>
      <span className="credits-narrow-label" aria-hidden="true">
        {formats.labels.balanceColumn()}
      </span>
      <span className="credits-figure" dir="ltr">
        {formats.numbers.balance(balance, decimals)}
      </span>
    </>
  );
}
