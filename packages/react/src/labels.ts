import {
  type ActivityFilter,
  type ActivityRow,
  KIND_WORDS,
  type KindWords,
  NOUNS_DEFAULT,
} from "@credit-activity/client";

/** The reason of a failure, as a sentence of `failureReason`. */
interface Failed {
  readonly reason: string;
}

/**
 * All words of the page. Each label is a whole sentence or phrase, so a translation can order its words.
 * Numbers, amounts and times are already formatted for the locale.
 */
export interface Labels {
  title(): string;
  subtitle(): string;
  /** The balance in the header. The words around `credits` are shown smaller. */
  remaining(values: { readonly credits: string }): string;
  /** The balance in the header if it is below zero. */
  owed(values: { readonly credits: string }): string;

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
  /** The number of usage entries, such as "14 calls". `nouns` are the ledger's words for the kind. */
  usageCount(values: {
    readonly kind: string;
    readonly count: number;
    readonly text: string;
    readonly nouns: ActivityRow["nouns"];
  }): string;
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
  showMoreEntries(values: { readonly shown: string; readonly total: string }): string;
  entriesLoading(): string;
  entriesAnnouncement(values: { readonly shown: string; readonly total: string }): string;
  entriesFailed(values: Failed): string;

  /** The accessible name of the pager. */
  pager(): string;
  previous(): string;
  next(): string;
  /** The range of rows in the footer. */
  showing(values: { readonly from: string; readonly to: string; readonly total: string }): string;
  /** The range of rows in the live region, without a dash, because screen readers skip it. */
  announcement(values: { readonly from: string; readonly to: string; readonly total: string }): string;

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

const FILTER_NAMES: Record<ActivityFilter, string> = {
  all: "All",
  added: "Added",
  used: "Used",
  adjustments: "Adjustments",
};

const EMPTY_TITLES: Record<ActivityFilter, string> = {
  all: "No activity yet",
  added: "No credits added yet",
  used: "No credits used yet",
  adjustments: "No adjustments",
};

const EMPTY_TEXTS: Record<ActivityFilter, string> = {
  all: "Credits you are granted or buy, and everything that uses them, will appear here with the balance after it.",
  added: "Monthly credits, purchases and bonuses will appear here.",
  used: "AI, build and runtime usage will appear here.",
  adjustments: "Refunds, corrections and expired credits will appear here.",
};

const CAPTIONS: Record<ActivityFilter, string> = {
  all: "All credit activity, newest first",
  added: "Credits added, newest first",
  used: "Credits used, newest first",
  adjustments: "Credit adjustments, newest first",
};

/** The words of the built-in kinds, and of no other. */
const KINDS: Readonly<Record<string, KindWords | undefined>> = KIND_WORDS;

const REASONS: Record<string, string> = {
  unauthorized: "Your session may have ended. Sign in again.",
  token_unavailable: "Your session may have ended. Sign in again.",
  forbidden: "You don’t have access to this account.",
  account_not_found: "This account doesn’t exist.",
  unavailable: "The server can’t be reached. Check your connection.",
  overloaded: "The server is busy. Try again in a moment.",
};

/** The English words of the page. */
export const defaultLabels: Labels = {
  title: () => "Credit Activity",
  subtitle: () => "Every credit added, used and corrected, and your balance after it.",
  remaining: ({ credits }) => `${credits} credits remaining`,
  owed: ({ credits }) => `${credits} credits owed`,

  filters: () => "Show activity",
  filter: ({ filter }) => FILTER_NAMES[filter],

  caption: ({ filter }) => CAPTIONS[filter],
  dateColumn: () => "Date",
  activityColumn: () => "Activity",
  sourceColumn: () => "Source",
  creditsColumn: () => "Credits",
  balanceColumn: () => "Balance",

  kindTitle: ({ kind }) => KINDS[kind]?.title ?? null,
  usageCount: ({ kind, count, text, nouns }) => {
    const { one, other } = KINDS[kind]?.nouns ?? nouns ?? NOUNS_DEFAULT;
    return `${text} ${count === 1 ? one : other}`;
  },
  describedCount: ({ description, count }) => `${description} · ${count}`,
  today: ({ time }) => `Today, ${time}`,
  yesterday: ({ time }) => `Yesterday, ${time}`,
  discount: ({ percent }) => `${percent} off`,
  original: ({ credits }) => `Originally ${credits}, now`,

  variousSources: () => "Various sources",
  variousProjects: () => "Various projects",

  entry: ({ seq }) => `Entry ${seq}`,
  showMoreEntries: ({ shown, total }) => `Show more, ${shown} of ${total} shown`,
  entriesLoading: () => "Loading entries.",
  entriesAnnouncement: ({ shown, total }) => `Showing ${shown} of ${total} entries`,
  entriesFailed: ({ reason }) => `These entries couldn’t be loaded. ${reason}`,

  pager: () => "Pages of credit activity",
  previous: () => "Previous",
  next: () => "Next",
  showing: ({ from, to, total }) => `Showing ${from}–${to} of ${total}`,
  announcement: ({ from, to, total }) => `Showing ${from} to ${to} of ${total}`,

  loading: () => "Loading credit activity.",
  emptyTitle: ({ filter }) => EMPTY_TITLES[filter],
  emptyText: ({ filter }) => EMPTY_TEXTS[filter],

  loadFailed: ({ reason }) => `Credit activity couldn’t be loaded. ${reason}`,
  changeFailed: ({ reason }) =>
    `The new rows couldn’t be loaded. The previous rows are still shown. ${reason}`,
  refreshFailed: ({ reason }) => `The latest activity couldn’t be loaded. ${reason}`,
  failureReason: ({ code }) => REASONS[code] ?? "Try again. If it fails again, contact support.",
  retry: () => "Retry",
  retrying: () => "Retrying…",
};

/** Returns the title given with the row's entry, else the page's words for its kind, else the ledger's. */
export function rowTitle({ kind, title }: ActivityRow, labels: Labels): string {
  const isGiven = Object.hasOwn(KINDS, kind) && title !== KINDS[kind]?.title;
  return isGiven ? title : (labels.kindTitle({ kind }) ?? title);
}

/** Returns the label of the row's source, else of its project, or the page's words where its entries differ. */
export function rowSource({ source, project, various }: ActivityRow, labels: Labels): string | undefined {
  if (source !== null) return source.label;
  if (various.includes("source")) return labels.variousSources();
  return various.includes("project") ? labels.variousProjects() : project?.label;
}
