import type { Grant } from "../ledger/entry.js";
import type { KnownAccount } from "./known-account.js";

/** How much is remembered at most, in grants, holds and rows of open windows, with three for each account itself. */
const WEIGHT_MAX = 200_000;

/** How long the text of a usual row is; a longer one weighs more. */
const ROW_TEXT = 300;

/** For how long accounts that somebody else changes too are locked instead of remembered, in milliseconds. */
const CONTENDED_MS = 1_000;

/**
 * What a server remembers of accounts it has written to, so that it need not read them again. Nothing here is relied on
 * without the database confirming, when it is written, that it was the latest.
 */
export interface Memory {
  get(account: string): KnownAccount | undefined;
  /** Remembers accounts as they are now. Those that were not used for long make room. */
  put(accounts: readonly KnownAccount[]): void;
  forget(account: string): void;
  /** Forgets an account that somebody else has changed, and keeps it out for a while. */
  contend(account: string): void;
  /** Whether somebody else has changed an account a short while ago. */
  isContended(account: string): boolean;
}

/** An account, and what it weighed when it was put here: it changes meanwhile. */
interface Remembered {
  known: KnownAccount;
  weight: number;
}

/** Makes an empty memory with room for a share of all that is remembered. */
export function createMemory(share: number): Memory {
  const weightMax = (WEIGHT_MAX * share) / 2;
  // Two generations: when the younger is full it becomes the older, and what nobody has used since is let go. That costs
  // less than keeping all accounts in the order of their last use.
  let young = new Map<string, Remembered>();
  let old = new Map<string, Remembered>();
  let weight = 0;
  const contended = new Map<string, number>();

  function forget(account: string): void {
    weight -= young.get(account)?.weight ?? 0;
    young.delete(account);
    old.delete(account);
  }

  return {
    get: (account) => (young.get(account) ?? old.get(account))?.known,
    put(accounts) {
      for (const known of accounts) {
        const { account } = known.state;
        const weighs = weightOf(known);
        const found = young.get(account);
        weight += weighs - (found?.weight ?? 0);
        if (found === undefined) young.set(account, { known, weight: weighs });
        else {
          found.known = known;
          found.weight = weighs;
        }
      }
      if (weight <= weightMax) return;
      old = young;
      young = new Map();
      weight = 0;
    },
    forget,
    contend(account) {
      forget(account);
      contended.delete(account);
      contended.set(account, performance.now() + CONTENDED_MS);
    },
    isContended(account) {
      if (contended.size === 0) return false;
      const now = performance.now();
      for (const [other, until] of contended) {
        if (until > now) break;
        contended.delete(other);
      }
      return contended.has(account);
    },
  };
}

function weightOf({ state, rows }: KnownAccount): number {
  let weight = 3;
  for (const grant of state.grants) weight += Math.max(1, textOf(grant) / ROW_TEXT);
  for (const hold of state.holds) weight += Math.max(1, textOf(hold) / ROW_TEXT);
  for (const { text } of rows) weight += Math.max(1, text.length / ROW_TEXT);
  return weight;
}

/** How long the texts of a grant or hold are. */
function textOf({ description, source }: Pick<Grant, "description" | "source">): number {
  const caused = source === null ? 0 : source.type.length + (source.id?.length ?? 0) + source.label.length;
  return caused + (description?.length ?? 0);
}
