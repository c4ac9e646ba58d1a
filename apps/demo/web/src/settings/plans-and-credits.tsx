import { type Account, type Amount, addAmounts, type Grant, type Ledger } from "@credit-activity/client";
import { useCallback } from "react";
import type { DemoAccount } from "../data/demo-api.js";
import { formatAmount, formatDay, toEffective } from "../data/format.js";
import { usePolled } from "../data/use-polled.js";
import { PanelHeader } from "./panel-header.js";

const GRANTS_MS = 10_000;

/** The Plans & Credits panel: the plan, and the remaining credits by their origin. */
export function PlansAndCredits(props: {
  readonly account: DemoAccount;
  readonly ledgerAccount: Account | null;
  readonly client: Pick<Ledger, "grants">;
}) {
  const { account, ledgerAccount, client } = props;
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
          <p className="plan-name">{String(ledgerAccount?.metadata.plan ?? account.plan)}</p>
        </div>
        <div className="plan-text">
          {grants.value === null || ledgerAccount === null ? (
            <span className="skeleton plan-skeleton" />
          ) : monthly === null ? (
            "No monthly credits. Credits that are bought never expire."
          ) : (
            <>
              <span className="figure">{formatAmount(monthly.credits, 0)} credits each month</span>
              {monthly.expiresAt !== null && (
                <span className="plan-renewal">
                  Renews on {formatDay(monthly.expiresAt, ledgerAccount.timeZone)}
                </span>
              )}
            </>
          )}
        </div>
      </section>
      <Remaining ledgerAccount={ledgerAccount} />
    </>
  );
}

function Remaining({ ledgerAccount }: { readonly ledgerAccount: Account | null }) {
  const parts = ledgerAccount === null ? null : toParts(ledgerAccount);
  return (
    <section className="remaining" aria-labelledby="remaining-heading">
      <div className="remaining-head">
        <h3 id="remaining-heading">Credits remaining</h3>
        <p className="remaining-total figure">
          {ledgerAccount === null ? (
            <span className="skeleton remaining-skeleton" />
          ) : (
            formatAmount(toEffective(ledgerAccount))
          )}
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
      {ledgerAccount !== null && ledgerAccount.pending !== "0" && (
        <p className="remaining-debt">{formatAmount(ledgerAccount.pending)} of these credits start later.</p>
      )}
      {ledgerAccount?.balance.startsWith("-") && (
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

/** Splits the remaining credits into the parts of the bar. Other credits are a part if there are any. */
function toParts({ remaining }: Account): Part[] {
  const { monthly_grant: monthly = "0", purchase: purchased = "0", ...others } = remaining;
  const other = Object.values(others).reduce<Amount>((sum, credits) => addAmounts(sum, credits), "0");
  const parts: Part[] = [
    toPart("monthly", "Monthly", "From your plan, used first", monthly),
    toPart("purchased", "Purchased", "Yours until they are used", purchased),
  ];
  if (other !== "0") parts.push(toPart("other", "Other", "Bonuses, refunds and corrections", other));
  return parts;
}

function toPart(id: Part["id"], name: string, text: string, credits: Amount): Part {
  // A double is precise enough for the length of a bar.
  return { id, name, text, credits, share: Math.max(0, Number(credits)) };
}

/** Returns the current grant of the plan. It expires when the next one starts. */
function currentMonthly(grants: readonly Grant[], nowMs: number): Grant | null {
  return (
    grants.find(
      (grant) =>
        grant.kind === "monthly_grant" &&
        Date.parse(grant.effectiveAt) <= nowMs &&
        (grant.expiresAt === null || Date.parse(grant.expiresAt) > nowMs),
    ) ?? null
  );
}
