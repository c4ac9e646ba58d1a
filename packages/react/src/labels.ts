import type { ActivityFilter, Kind } from "@credit-activity/client";

/** Why something did not work, as a sentence of `failureReason`. */
interface Failed {
  readonly reason: string;
}

/**
 * All words of the page. Every one is a whole sentence or phrase, so that a translation may order them as its language
 * wants; numbers, amounts and times arrive written as the locale writes them.
 */
export interface Labels {
  title(): string;
  subtitle(): string;
  /** The balance in the header. What stands around `credits` is shown smaller than it. */
  remaining(values: { readonly credits: string }): string;
  /** The balance when it is below zero, as what is owed. */
  owed(values: { readonly credits: string }): string;

  /** The name of the group of filters. */
  filters(): string;
  filter(values: { readonly filter: ActivityFilter }): string;

  /** The name of the table, for those who can't see it. */
  caption(values: { readonly filter: ActivityFilter }): string;
  dateColumn(): string;
  activityColumn(): string;
  sourceColumn(): string;
  creditsColumn(): string;
  balanceColumn(): string;

  /** What happened in a row; `title` is the server's. */
  rowTitle(values: { readonly kind: Kind; readonly title: string }): string;
  /** How many of what a group of usage holds: "14 calls". */
  usageCount(values: { readonly kind: Kind; readonly count: number; readonly text: string }): string;
  /** A description with the number of entries it stands for. */
  describedCount(values: { readonly description: string; readonly count: string }): string;
  today(values: { readonly time: string }): string;
  yesterday(values: { readonly time: string }): string;
  discount(values: { readonly percent: string }): string;
  /** Read out in place of the struck amount. */
  original(values: { readonly credits: string }): string;

  /** One entry of a group that has nothing else to say about itself. */
  entry(values: { readonly seq: string }): string;
  showMoreEntries(values: { readonly shown: string; readonly total: string }): string;
  entriesLoading(): string;
  entriesAnnouncement(values: { readonly shown: string; readonly total: string }): string;
  entriesFailed(values: Failed): string;

  pager(): string;
  previous(): string;
  next(): string;
  /** The footer. */
  showing(values: { readonly from: string; readonly to: string; readonly total: string }): string;
  /** The same for the live region, where a dash would not be read out. */
  announcement(values: { readonly from: string; readonly to: string; readonly total: string }): string;

  loading(): string;
  emptyTitle(values: { readonly filter: ActivityFilter }): string;
  emptyText(values: { readonly filter: ActivityFilter }): string;

  /** Nothing could be loaded yet. */
  loadFailed(values: Failed): string;
  /** Other rows were asked for and did not come; the old ones are still there. */
  changeFailed(values: Failed): string;
  /** The rows are there, but may not be the latest. */
  refreshFailed(values: Failed): string;
  failureReason(values: { readonly code: string }): string;
  retry(): string;
  retrying(): string;
}

const filterNames: Record<ActivityFilter, string> = {
  all: "All",
  added: "Added",
  used: "Used",
  adjustments: "Adjustments",
};

const emptyTitles: Record<ActivityFilter, string> = {
  all: "No activity yet",
  added: "No credits added yet",
  used: "No credits used yet",
  adjustments: "No adjustments",
};

const emptyTexts: Record<ActivityFilter, string> = {
  all: "Credits you are granted or buy, and everything that uses them, will appear here with the balance after it.",
  added: "Monthly credits, purchases and bonuses will appear here.",
  used: "AI, build and runtime usage will appear here.",
  adjustments: "Refunds, corrections and expired credits would appear here.",
};

const captions: Record<ActivityFilter, string> = {
  all: "All credit activity, newest first",
  added: "Credits added, newest first",
  used: "Credits used, newest first",
  adjustments: "Credit adjustments, newest first",
};

const usageNouns: Partial<Record<Kind, readonly [string, string]>> = {
  ai_usage: ["call", "calls"],
  build_usage: ["step", "steps"],
  runtime_usage: ["event", "events"],
};

const reasons: Record<string, string> = {
  unauthorized: "Your session may have ended; sign in again.",
  token_unavailable: "Your session may have ended; sign in again.",
  forbidden: "You don’t have access to this account.",
  account_not_found: "There is no such account.",
  unavailable: "The server can’t be reached; check your connection.",
  overloaded: "The server is busy; try again in a moment.",
};

/** The English words of the page. */
export const defaultLabels: Labels = {
  title: () => "Credit Activity",
  subtitle: () => "Every credit added, used and corrected, and your balance after it.",
  remaining: ({ credits }) => `${credits} credits remaining`,
  owed: ({ credits }) => `${credits} credits owed`,

  filters: () => "Show activity",
  filter: ({ filter }) => filterNames[filter],

  caption: ({ filter }) => captions[filter],
  dateColumn: () => "Date",
  activityColumn: () => "Activity",
  sourceColumn: () => "Source",
  creditsColumn: () => "Credits",
  balanceColumn: () => "Balance",

  rowTitle: ({ title }) => title,
  usageCount: ({ kind, count, text }) => {
    const [one, many] = usageNouns[kind] ?? ["entry", "entries"];
    return `${text} ${count === 1 ? one : many}`;
  },
  describedCount: ({ description, count }) => `${description} · ${count}`,
  today: ({ time }) => `Today, ${time}`,
  yesterday: ({ time }) => `Yesterday, ${time}`,
  discount: ({ percent }) => `${percent} off`,
  original: ({ credits }) => `Originally ${credits}, now`,

  entry: ({ seq }) => `Entry ${seq}`,
  showMoreEntries: ({ shown, total }) => `Show more, ${shown} of ${total} shown`,
  entriesLoading: () => "Loading what is behind this row.",
  entriesAnnouncement: ({ shown, total }) => `Showing ${shown} of ${total} behind this row`,
  entriesFailed: ({ reason }) => `What is behind this row could not be loaded. ${reason}`,

  pager: () => "Pages of credit activity",
  previous: () => "Previous",
  next: () => "Next",
  showing: ({ from, to, total }) => `Showing ${from}–${to} of ${total}`,
  announcement: ({ from, to, total }) => `Showing ${from} to ${to} of ${total}`,

  loading: () => "Loading credit activity.",
  emptyTitle: ({ filter }) => emptyTitles[filter],
  emptyText: ({ filter }) => emptyTexts[filter],

  loadFailed: ({ reason }) => `Credit activity could not be loaded. ${reason}`,
  changeFailed: ({ reason }) => `That could not be loaded, so the rows from before are still here. ${reason}`,
  refreshFailed: ({ reason }) => `The latest activity could not be loaded. ${reason}`,
  failureReason: ({ code }) => reasons[code] ?? "Try again; if it goes on, contact support.",
  retry: () => "Retry",
  retrying: () => "Retrying…",
};
