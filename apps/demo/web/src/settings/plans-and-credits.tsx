import type { Account, Amount, CreditsClient, Grant } from "@credit-activity/client";
import { useCallback } from "react";
import type { DemoAccount } from "../data/demo-api.js";
import { formatAmount, formatDay } from "../data/format.js";
import { usePolled } from "../data/use-polled.js";
import { PanelHeader } from "./panel-header.js";

const GRANTS_MS = 10_000;

/** What the plan is, and what is left of the credits it gave and of those that were bought. */
export function PlansAndCredits(props: {
  readonly account: DemoAccount;
  readonly holder: Account | null;
  readonly client: CreditsClient;
}) {
  const { account, holder, client } = props;
  const id = account.account;
  const grants = usePolled(
    id,
    useCallback((signal: AbortSignal) => client.grants(id, { limit: 100 }, { signal }), [client, id]),
    GRANTS_MS,
  );
  const monthly = grants.value === null ? null : currentMonthly(grants.value.grants, Date.now());
  return (
    <>
      <PanelHeader title="Plans & Credits" text="Your plan, and where your remaining credits come from." />
      <section className="plan" aria-label="Current plan">
        <div>
          <p className="plan-label">Current plan</p>
          <p className="plan-name">{String(holder?.metadata.plan ?? account.plan)}</p>
        </div>
        <div className="plan-text">
          {grants.value === null || holder === null ? (
            <span className="skeleton plan-skeleton" />
          ) : monthly === null ? (
            "No monthly credits. Credits that are bought never expire."
          ) : (
            <>
              <span className="figure">{formatAmount(monthly.credits, 0)} credits each month</span>
              {monthly.expires_at !== null && (
                <span className="plan-renewal">
                  Renews on {formatDay(monthly.expires_at, holder.time_zone)}
                </span>
              )}
            </>
          )}
        </div>
      </section>
      <Remaining holder={holder} />
    </>
  );
}

function Remaining({ holder }: { readonly holder: Account | null }) {
  const parts = holder === null ? null : partsOf(holder);
  return (
    <section className="remaining" aria-labelledby="remaining-heading">
      <div className="remaining-head">
        <h3 id="remaining-heading">Credits remaining</h3>
        <p className="remaining-total figure">
          {holder === null ? <span className="skeleton remaining-skeleton" /> : formatAmount(holder.balance)}
        </p>
      </div>
      <div className="bar" aria-hidden="true">
        {parts?.map((part) => (
          <span key={part.name} className="bar-part" data-part={part.id} style={{ flexGrow: part.share }} />
        ))}
      </div>
      <dl className="remaining-parts">
        {parts?.map((part) => (
          <div key={part.id} className="remaining-part">
            <dt>
              <span className="swatch" data-part={part.id} aria-hidden="true" />
              <span className="remaining-name">
                {part.name}
                <span className="remaining-text">{part.text}</span>
              </span>
            </dt>
            <dd className="figure">{formatAmount(part.credits)}</dd>
          </div>
        ))}
      </dl>
      {holder?.balance.startsWith("-") && (
        <p className="remaining-debt">The next credits pay what was used beyond the balance first.</p>
      )}
    </section>
  );
}

interface Part {
  readonly id: "monthly" | "purchased" | "other";
  readonly name: string;
  readonly text: string;
  readonly credits: Amount;
  readonly share: number;
}

/** Splits what remains into the parts of the bar. Other credits are shown where there are any. */
function partsOf({ remaining }: Account): Part[] {
  const { monthly_grant, purchase, bonus, manual_grant, refund, adjustment } = remaining;
  const other = sum([bonus, manual_grant, refund, adjustment]);
  const parts: Part[] = [
    part("monthly", "Monthly", "From your plan, used first", monthly_grant),
    part("purchased", "Purchased", "Yours until they are used", purchase),
  ];
  if (other !== "0") parts.push(part("other", "Other", "Bonuses, refunds and corrections", other));
  return parts;
}

function part(id: Part["id"], name: string, text: string, credits: Amount): Part {
  // Only the length of a bar goes through a double.
  return { id, name, text, credits, share: Math.max(0, Number(credits)) };
}

/** Adds amounts exactly, in millionths of a credit. */
function sum(amounts: readonly Amount[]): Amount {
  const micros = amounts.reduce((total, text) => {
    const [whole = "0", decimals = ""] = text.split(".");
    return total + BigInt(whole + decimals.padEnd(6, "0"));
  }, 0n);
  const digits = micros.toString().padStart(7, "0");
  const decimals = digits.slice(-6).replace(/0+$/, "");
  return `${digits.slice(0, -6)}${decimals === "" ? "" : `.${decimals}`}` as Amount;
}

/** The plan's grant that is being used now, whose end is when the next one comes. */
function currentMonthly(grants: readonly Grant[], nowMs: number): Grant | null {
  return (
    grants.find(
      (grant) =>
        grant.kind === "monthly_grant" &&
        Date.parse(grant.effective_at) <= nowMs &&
        (grant.expires_at === null || Date.parse(grant.expires_at) > nowMs),
    ) ?? null
  );
}
