import { KIND_WORDS } from "@credit-activity/client";
import type { LabelData, LabelName } from "./labels.js";

const kinds = Object.entries(KIND_WORDS);

/** The English words of the page, as data. */
export const defaultLabels: { readonly [Name in LabelName]: LabelData<Name> } = {
  title: "Credit Activity",
  subtitle: "Every credit added, used and corrected, and your balance after it.",
  remaining: "{credits} credits remaining",
  owed: "{credits} credits owed",

  filters: "Show activity",
  filter: { all: "All", added: "Added", used: "Used", adjustments: "Adjustments" },

  caption: {
    all: "All credit activity, newest first",
    added: "Credits added, newest first",
    used: "Credits used, newest first",
    adjustments: "Credit adjustments, newest first",
  },
  dateColumn: "Date",
  activityColumn: "Activity",
  sourceColumn: "Source",
  creditsColumn: "Credits",
  balanceColumn: "Balance",

  kindTitle: Object.fromEntries(kinds.map(([kind, { title }]) => [kind, title])),
  kindNoun: Object.fromEntries(
    kinds.flatMap(([kind, words]) => ("nouns" in words ? [[kind, words.nouns]] : [])),
  ),
  usageCount: "{count} {noun}",
  describedCount: "{description} · {count}",
  today: "Today, {time}",
  yesterday: "Yesterday, {time}",
  discount: "{percent} off",
  original: "Originally {credits}, now",

  variousSources: "Various sources",
  variousProjects: "Various projects",

  entry: "Entry {seq}",
  showMoreEntries: "Show more, {shown} of {total} shown",
  entriesLoading: "Loading entries.",
  entriesAnnouncement: "Showing {shown} of {total} entries",
  entriesFailed: "These entries couldn’t be loaded. {reason}",

  pager: "Pages of credit activity",
  previous: "Previous",
  next: "Next",
  showing: "Showing {from}–{to} of {total}",
  announcement: "Showing {from} to {to} of {total}",

  loading: "Loading credit activity.",
  emptyTitle: {
    all: "No activity yet",
    added: "No credits added yet",
    used: "No credits used yet",
    adjustments: "No adjustments",
  },
  emptyText: {
    all: "Credits you are granted or buy, and everything that uses them, will appear here with the balance after it.",
    added: "Monthly credits, purchases and bonuses will appear here.",
    used: "AI, build and runtime usage will appear here.",
    adjustments: "Refunds, corrections and expired credits will appear here.",
  },

  loadFailed: "Credit activity couldn’t be loaded. {reason}",
  changeFailed: "The new rows couldn’t be loaded. The previous rows are still shown. {reason}",
  refreshFailed: "The latest activity couldn’t be loaded. {reason}",
  failureReason: {
    unauthorized: "Your session may have ended. Sign in again.",
    token_unavailable: "Your session may have ended. Sign in again.",
    forbidden: "You don’t have access to this account.",
    account_not_found: "This account doesn’t exist.",
    unavailable: "The server can’t be reached. Check your connection.",
    overloaded: "The server is busy. Try again in a moment.",
    other: "Try again. If it fails again, contact support.",
  },
  retry: "Retry",
  retrying: "Retrying…",
};
