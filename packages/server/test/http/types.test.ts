import * as client from "@credit-activity/client";
import { describe, expectTypeOf, it } from "vitest";
import type { z } from "zod";
import type * as request from "../../src/api/requests.js";
import type * as result from "../../src/api/results.js";
import * as server from "../../src/index.js";

/** The client types amounts as `${number}` and all fields as readonly. The schemas have neither. */
type Plain<T> = T extends string
  ? `${number}` extends T
    ? string
    : T
  : T extends Date
    ? never
    : T extends object
      ? { -readonly [K in keyof T]: Plain<T[K]> }
      : T;

/** A result as the schemas describe it. */
type Returned<S extends z.ZodType> = z.input<S>;

// The compiler checks these. `npm run build` covers the types of the tests.
describe("the generated types are those of the schemas", () => {
  it("for results", () => {
    expectTypeOf<Plain<client.Account>>().toEqualTypeOf<Returned<typeof result.account>>();
    expectTypeOf<Plain<client.ActivityPage>>().toEqualTypeOf<Returned<typeof result.activityPage>>();
    expectTypeOf<Plain<client.GrantList>>().toEqualTypeOf<Returned<typeof result.grantList>>();
    expectTypeOf<Plain<client.AccountList>>().toEqualTypeOf<Returned<typeof result.accountList>>();
    expectTypeOf<Plain<client.Balance>>().toEqualTypeOf<Returned<typeof result.balance>>();
    expectTypeOf<Plain<client.Totals>>().toEqualTypeOf<Returned<typeof result.totals>>();
    expectTypeOf<Plain<client.AccountToken>>().toEqualTypeOf<Returned<typeof result.token>>();
  });

  it("for results with facts that account tokens do not read", () => {
    type Entry = Returned<typeof result.entry>;
    type Private = "cost" | "privateMetadata";
    expectTypeOf<keyof client.Entry>().toEqualTypeOf<keyof Entry>();
    expectTypeOf<Omit<Plain<client.Entry>, Private>>().toEqualTypeOf<Omit<Entry, Private>>();
    expectTypeOf<Plain<client.Entry>>().toExtend<Entry>();
    expectTypeOf<Plain<client.Hold>>().toExtend<Returned<typeof result.hold>>();
    expectTypeOf<keyof client.Hold>().toEqualTypeOf<keyof Returned<typeof result.hold>>();
    expectTypeOf<client.UsageResult["status"]>().toEqualTypeOf<
      Returned<typeof result.usageResult>["status"]
    >();
  });

  it("for settings and queries", () => {
    type Keys<S extends z.ZodType> = keyof z.input<S>;
    expectTypeOf<keyof client.AccountSettings>().toEqualTypeOf<Keys<typeof request.accountSettings>>();
    expectTypeOf<keyof client.TokenInput>().toEqualTypeOf<Keys<typeof request.tokenInput>>();
    expectTypeOf<keyof client.ActivityQuery>().toEqualTypeOf<Keys<typeof request.activityQuery>>();
    expectTypeOf<keyof client.EntriesQuery>().toEqualTypeOf<Keys<typeof request.entriesQuery>>();
    expectTypeOf<keyof client.AccountsQuery>().toEqualTypeOf<Keys<typeof request.accountsQuery>>();
    expectTypeOf<keyof client.HoldsQuery>().toEqualTypeOf<Keys<typeof request.holdsQuery>>();
    expectTypeOf<keyof client.BalanceQuery>().toEqualTypeOf<Keys<typeof request.balanceQuery>>();
    expectTypeOf<keyof client.TotalsQuery>().toEqualTypeOf<Keys<typeof request.totalsQuery>>();
    expectTypeOf<keyof client.ListQuery>().toEqualTypeOf<Keys<typeof request.listQuery>>();
    expectTypeOf<client.ActivityFilter>().toEqualTypeOf<
      NonNullable<z.input<typeof request.activityQuery>["filter"]>
    >();
  });
});

describe("an app moves from a ledger in the process to one over HTTP", () => {
  /** Code of an app that has no other ledger than the given one. */
  async function bill(ledger: client.Ledger): Promise<client.Amount> {
    const { balance } = await ledger.putAccount("acme", { name: "Acme", overdraftLimit: 5 });
    const expiresAt = new Date("2027-01-01");
    await ledger.grant("acme", { kind: "purchase", credits: "100", expiresAt }, { key: "order-1" });
    const task = { id: "t1", label: "Landing page" };
    const { entry, repeated } = await ledger.spend("acme", { credits: 0.75, task, cost: "0.02" });
    const { results } = await ledger.usage([{ id: "1", account: "acme", kind: "ai_usage", credits: 1 }]);
    for (const one of results) {
      if ("error" in one) expectTypeOf(one.error.code).toExtend<string>();
      else expectTypeOf(one.entry).toEqualTypeOf<client.Entry>();
    }
    expectTypeOf(repeated).toEqualTypeOf<boolean>();
    return client.addAmounts(balance, entry.credits);
  }

  it("by changing one line", () => {
    const inProcess = async () => bill(await server.createLedger({ database: { memory: true } }));
    const overHttp = async () => bill(client.createLedgerClient({ baseUrl: "https://x.example", key: "k" }));
    expectTypeOf(inProcess).toEqualTypeOf(overHttp);
  });

  it("because both have the same methods with the same types", () => {
    expectTypeOf<Pick<server.LocalLedger, keyof client.Ledger>>().toEqualTypeOf<
      Pick<client.Ledger, keyof client.Ledger>
    >();
    expectTypeOf(client.createLedgerClient).returns.toEqualTypeOf<client.Ledger>();
  });

  it("and both packages export the same errors, types and amount functions", () => {
    expectTypeOf<server.Entry>().toEqualTypeOf<client.Entry>();
    expectTypeOf<server.SpendInput>().toEqualTypeOf<client.SpendInput>();
    expectTypeOf(server.InsufficientCreditsError).toEqualTypeOf(client.InsufficientCreditsError);
    expectTypeOf(server.addAmounts).toEqualTypeOf(client.addAmounts);
  });

  it("which refuse what is not an amount or an option", () => {
    type Spend = Parameters<client.Ledger["spend"]>;
    expectTypeOf<["a", { credits: 1n }]>().not.toExtend<Spend>();
    expectTypeOf<["a", { credits: string }]>().not.toExtend<Spend>();
    expectTypeOf<["a", { credits: "1" }, { key: number }]>().not.toExtend<Spend>();
    // @ts-expect-error An unknown option is refused.
    type Unknown = Parameters<typeof server.createLedger>[0]["unknown"];
    expectTypeOf<Unknown>().toBeAny();
  });
});
