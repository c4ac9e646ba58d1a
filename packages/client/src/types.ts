import type { components, operations } from "./api.js";

type Schemas = components["schemas"];
type Query<Operation extends keyof operations> = NonNullable<operations[Operation]["parameters"]["query"]>;

/** An amount of credits: a decimal string with at most six decimals, such as `"-12.5"`. */
export type Amount = Schemas["Amount"];

/** An amount as you may write it: a decimal string, or a number of at most 15 significant digits. */
export type AmountInput = Schemas["AmountInput"];

/** A time in UTC with six decimals (RFC 3339), such as `"2026-11-22T10:05:00.123456Z"`. */
export type Time = Schemas["Time"];

/** A time as you may write it: an RFC 3339 string with any offset, or a `Date`. */
export type TimeInput = Schemas["TimeInput"];

/** A flat object of your own values. */
export type Metadata = Schemas["Metadata"];

/** The cause of an entry: a plan, a purchase, a model, a person in support. */
export type Source = Schemas["Source"];

/** A source as you may write it, with or without an id. */
export type SourceInput = Schemas["SourceInput"];

/** A project, member or task with its label. */
export type Dimension = Schemas["Dimension"];

/** A project, member or task as you may write it: its id, or its id and label. */
export type DimensionInput = Schemas["DimensionInput"];

/** An account with its balance. */
export type Account = Schemas["Account"];

/** One immutable record of the ledger. */
export type Entry = Schemas["Entry"];

/** A row of the page: one entry, or a group of usage entries from one window. */
export type ActivityRow = Schemas["ActivityRow"];

/** A page of activity rows, newest first. */
export type ActivityPage = Schemas["ActivityPage"];

/** A block of credits that was added. */
export type Grant = Schemas["Grant"];

/** Credits set aside for work in progress. */
export type Hold = Schemas["Hold"];

/** The category of an entry. It is also a filter of the page. */
export type Category = Entry["category"];

/** The type of a kind. It fixes the category. */
export type KindType = Entry["type"];

/** The filters of the page. */
export type ActivityFilter = NonNullable<ActivityQuery["filter"]>;

/** The entry of a command. `repeated` is true if the key was used before. */
export type EntryResult = Schemas["EntryResult"];

/** The hold of a command. `repeated` is true if the key was used before. */
export type HoldResult = Schemas["HoldResult"];

/** The entry of a settlement, or the hold that it released because it took nothing. */
export type SettleResult = Schemas["SettleResult"];

/** One part of a list of entries. `nextCursor` is null at the end. */
export type EntryList = Schemas["EntryList"];

/** One part of a list of grants. `nextCursor` is null at the end. */
export type GrantList = Schemas["GrantList"];

/** One part of a list of accounts. `nextCursor` is null at the end. */
export type AccountList = Schemas["AccountList"];

/** One part of a list of holds. `nextCursor` is null at the end. */
export type HoldList = Schemas["HoldList"];

/** The balance of an account at a moment. */
export type Balance = Schemas["Balance"];

/** The credits of a span of entries that have a fact in common. */
export type Total = Schemas["Total"];

/** One part of the totals of a span, with the balances around the span. `nextCursor` is null at the end. */
export type Totals = Schemas["Totals"];

/** The result of one usage event. */
export type UsageResult = Schemas["UsageResult"];

/** The results of usage events, in the order of the events. */
export type UsageResults = Schemas["UsageResults"];

/** A short-lived token that reads one account. */
export type AccountToken = Schemas["AccountToken"];

/** A problem document (RFC 9457). */
export type Problem = Schemas["Problem"];

/** One fault of a request. */
export type RequestIssue = NonNullable<Problem["errors"]>[number];

/** Settings of an account. Those left out keep their values. A `name` of null is removed. */
export type AccountSettings = Schemas["AccountSettings"];

/** Credits to add. */
export type GrantInput = Schemas["GrantInput"];

/** Credits to take now. */
export type SpendInput = Schemas["SpendInput"];

/** Usage that has happened. */
export type UsageEvent = Schemas["UsageEvent"];

/** Credits to set aside. */
export type HoldInput = Schemas["HoldInput"];

/** The final amount of a hold. */
export type SettleInput = Schemas["SettleInput"];

/** The time for which a hold goes on. */
export type ExtendInput = Schemas["ExtendInput"];

/** A grant to take back. */
export type VoidGrantInput = Schemas["VoidGrantInput"];

/** A grant to extend. */
export type ExtendGrantInput = Schemas["ExtendGrantInput"];

/** The reason for closing an account. */
export type CloseAccountInput = Schemas["CloseAccountInput"];

/** Credits to return from an entry. */
export type RefundInput = Schemas["RefundInput"];

/** A correction of the balance, up or down. */
export type AdjustInput = Schemas["AdjustInput"];

/** Credits to take away for good. */
export type WriteOffInput = Schemas["WriteOffInput"];

/** The lifetime of an account token. */
export type TokenInput = Schemas["TokenInput"];

/** The page of activity to read. Send the `asOf` of the first page with the later pages. */
export type ActivityQuery = Query<"activity">;

/** The part of a list to read. */
export type ListQuery = Query<"grants">;

/** The accounts to list: those whose ids begin with `prefix`. */
export type AccountsQuery = Query<"accounts">;

/** The holds to list. */
export type HoldsQuery = Query<"holds">;

/** The moment of a balance: a time, or the `seq` of an entry. */
export type BalanceQuery = Query<"balance">;

/** The span to add up, and the fact that the totals are by. */
export type TotalsQuery = Query<"totals">;

/**
 * The entries to list, and their order: newest first unless `order` is `"asc"`. With a filter, a part may have few entries
 * or none, and still a `nextCursor`.
 */
export type EntriesQuery = Query<"entries">;
