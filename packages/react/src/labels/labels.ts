import type { ActivityFilter } from "@credit-activity/client";

/** The number that selects a plural form of a label. */
export interface Counted {
  readonly number: number;
}

/** The reason of a failure, as a sentence of `failureReason`. */
interface Failed {
  readonly reason: string;
}

/** The numbers of rows or entries on the screen. `number` is the total. */
interface Shown extends Counted {
  readonly shown: string;
  readonly total: string;
}

/** The range of rows on the screen. `number` is the total. */
interface Range extends Counted {
  readonly from: string;
  readonly to: string;
  readonly total: string;
}

/**
 * All words of the page, as functions. Each label is a whole sentence or phrase, so a translation can order its words.
 * Strings among the values are already formatted for the locale.
 */
export interface LabelFunctions {
  title(): string;
  subtitle(): string;
  /** The balance in the header. The words around `credits` are shown smaller. */
  remaining(values: { readonly credits: string } & Counted): string;
  /** The balance in the header if it is below zero. */
  owed(values: { readonly credits: string } & Counted): string;

  /** The accessible name of the filter. */
  filters(): string;
  filter(values: { readonly filter: ActivityFilter }): string;

  /** The caption of the table, for screen readers. */
  caption(values: { readonly filter: ActivityFilter }): string;
  dateColumn(): string;
  activityColumn(): string;
  sourceColumn(): string;
  creditsColumn(): string;
  balanceColumn(): string;

  /** The title of a kind. Return null to show the ledger's. A title given with an entry replaces it. */
  kindTitle(values: { readonly kind: string }): string | null;
  /** The word for the entries of a kind, such as "calls". Return null to show the ledger's. */
  kindNoun(values: { readonly kind: string } & Counted): string | null;
  /** The number of usage entries, such as "14 calls". */
  usageCount(
    values: { readonly kind: string; readonly count: string; readonly noun: string } & Counted,
  ): string;
  /** A description with the number of entries that share it. */
  describedCount(values: { readonly description: string; readonly count: string }): string;
  today(values: { readonly time: string }): string;
  yesterday(values: { readonly time: string }): string;
  discount(values: { readonly percent: string }): string;
  /** The amount before the discount, for screen readers. */
  original(values: { readonly credits: string }): string;

  /** The source of a row whose entries have different ones. */
  variousSources(): string;
  /** The project of a row whose entries have different ones, and no source. */
  variousProjects(): string;

  /** An entry of a group without a description that differs from the group's. */
  entry(values: { readonly seq: string }): string;
  showMoreEntries(values: Shown): string;
  entriesLoading(): string;
  entriesAnnouncement(values: Shown): string;
  entriesFailed(values: Failed): string;

  /** The accessible name of the pager. */
  pager(): string;
  previous(): string;
  next(): string;
  /** The range of rows in the footer. */
  showing(values: Range): string;
  /** The range of rows in the live region, without a dash, because screen readers skip it. */
  announcement(values: Range): string;

  loading(): string;
  emptyTitle(values: { readonly filter: ActivityFilter }): string;
  emptyText(values: { readonly filter: ActivityFilter }): string;

  /** The failure of the first load. */
  loadFailed(values: Failed): string;
  /** The failure of another page or filter. The previous rows are still shown. */
  changeFailed(values: Failed): string;
  /** The failure of a refresh. The rows may be out of date. */
  refreshFailed(values: Failed): string;
  failureReason(values: { readonly code: string }): string;
  retry(): string;
  retrying(): string;
}

/** The forms of a label by the plural category that `Intl.PluralRules` selects. `other` stands for missing ones. */
export type PluralForms = { readonly [Category in Intl.LDMLPluralRule]?: string } & {
  readonly other: string;
};

/** A string in which `{name}` stands for a value of the label: `"Page {from} of {total}"`. */
type Template<Values> = Values extends Counted ? string | PluralForms : string;

/** The values whose strings a label gives one by one. The others stay English, or the ledger's. */
interface Choices {
  readonly filter: { readonly [filter in ActivityFilter]?: string };
  readonly caption: { readonly [filter in ActivityFilter]?: string };
  readonly emptyTitle: { readonly [filter in ActivityFilter]?: string };
  readonly emptyText: { readonly [filter in ActivityFilter]?: string };
  readonly kindTitle: { readonly [kind: string]: string };
  readonly kindNoun: { readonly [kind: string]: string | PluralForms };
  /** By the code of a problem. `other` stands for unknown codes. */
  readonly failureReason: { readonly [code: string]: string };
}

/** The name of a label. */
export type LabelName = keyof LabelFunctions;

/** A label as data, which a server component can pass to the page. */
export type LabelData<Name extends LabelName> = Name extends keyof Choices
  ? Choices[Name]
  : Template<Parameters<LabelFunctions[Name]>[0]>;

/** All words of the page. Each label is data or a function. */
export type Labels = { readonly [Name in LabelName]: LabelData<Name> | LabelFunctions[Name] };
