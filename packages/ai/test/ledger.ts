import {
  type AmountInput,
  createLedger,
  type Entry,
  type LedgerOptions,
  type LocalLedger,
  UnavailableError,
} from "@credit-activity/server";
import type { CreditsOptions, RateTable } from "../src/index.js";

/** Opens a ledger in memory. */
export function openLedger(options: Pick<LedgerOptions, "now"> = {}): Promise<LocalLedger> {
  return createLedger({ database: { memory: true }, secretKeys: ["secret-of-the-tests"], ...options });
}

/** Rates that tell the pools apart. A token costs as many micro-credits as its rate. */
export const RATES = {
  input: "3",
  cacheRead: "0.3",
  cacheWrite: "3.75",
  output: "15",
  reasoning: "20",
} as const satisfies RateTable;

/** The version of the price that the rates have. */
export const VERSION = "input 3, cacheRead 0.3, cacheWrite 3.75, output 15, reasoning 20 per 1M";

let accounts = 0;

/** A new account with credits, and what became of them. */
export interface TestAccount {
  readonly id: string;
  readonly options: CreditsOptions;
  /** Returns the entries of usage and corrections, oldest first. */
  used(): Promise<Entry[]>;
  /** Returns the number of open holds. */
  openHolds(): Promise<number>;
}

/** Creates an account with 10 credits. */
export async function createAccount(
  ledger: LocalLedger,
  credits: AmountInput | null = "10",
): Promise<TestAccount> {
  accounts += 1;
  const id = `account-${accounts}`;
  await ledger.putAccount(id);
  if (credits !== null) await ledger.grant(id, { kind: "purchase", credits });
  return {
    id,
    options: { ledger, account: id, price: RATES },
    async used() {
      const { entries } = await ledger.entries(id, { order: "asc" });
      return entries.filter(({ type }) => type !== "grant");
    },
    async openHolds() {
      return (await ledger.holds(id, { status: "open" })).holds.length;
    },
  };
}

/** Returns a ledger whose settlements fail, before or after they are posted. Default: all of them, before. */
export function failSettlements(
  ledger: LocalLedger,
  times = Number.POSITIVE_INFINITY,
  isPosted = false,
): LocalLedger {
  let left = times;
  const settle: LocalLedger["settle"] = async (...args) => {
    if (left <= 0) return ledger.settle(...args);
    left -= 1;
    if (isPosted) await ledger.settle(...args);
    throw new UnavailableError("The ledger is down.", {
      code: "unavailable",
      facts: {},
      status: 503,
      problem: null,
      tries: 1,
      retryAfterSeconds: null,
      key: null,
    });
  };
  return new Proxy(ledger, {
    get: (target, name) => (name === "settle" ? settle : Reflect.get(target, name)),
  });
}

/** Waits until a check passes. Charges of aborted calls are posted in the background. */
export async function until(check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error("The check did not pass within 20 seconds.");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
