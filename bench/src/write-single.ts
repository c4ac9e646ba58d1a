import { credits } from "@credit-activity/server";
import type { Bench } from "./bench.js";
import { hotAccount, spreadAccount } from "./data.js";
import { interleave, load } from "./load.js";
import { randomFrom, zipf } from "./random.js";
import { byRate, type CaseResult } from "./report.js";
import type { Sizes } from "./sizes.js";

/** How many calls of `spend` are under way at once. */
const callers = 256;

/** How many connections the baseline has. */
const baseline_connections = 8;

/**
 * The baseline keeps a balance the plain way: a call is one transaction, which locks the account's row, checks that
 * the amount is covered, writes an entry with its running balance under a unique key, and updates the balance. It makes
 * one round trip, and leaves out what the ledger does besides: grants and draws, hash, activity rows.
 */
const CREATE_ROW_LOCKED = `
  CREATE SCHEMA row_locked;
  CREATE TABLE row_locked.accounts (
    account text COLLATE "C" PRIMARY KEY,
    balance bigint NOT NULL CHECK (balance >= 0),
    seq bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 70);
  CREATE TABLE row_locked.entries (
    account text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    credits bigint NOT NULL,
    balance bigint NOT NULL,
    description text,
    source text,
    key text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (account, seq),
    UNIQUE (account, key)
  );
  CREATE FUNCTION row_locked.spend(the_account text, amount bigint, the_description text, the_source text, the_key text)
  RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE
    held row_locked.accounts;
  BEGIN
    SELECT * INTO STRICT held FROM row_locked.accounts WHERE account = the_account FOR UPDATE;
    IF held.balance < amount THEN
      RAISE EXCEPTION 'insufficient credits';
    END IF;
    INSERT INTO row_locked.entries VALUES (the_account, held.seq + 1, 'ai_usage', -amount, held.balance - amount,
      the_description, the_source, the_key, clock_timestamp());
    UPDATE row_locked.accounts SET balance = balance - amount, seq = seq + 1 WHERE account = the_account;
    RETURN held.balance - amount;
  END
  $$;
  INSERT INTO row_locked.accounts (account, balance) SELECT account, 1000000000000 FROM credits.accounts`;

const SPEND = "SELECT row_locked.spend($1, $2, $3, $4, $5)";

const spent = credits("0.01");
const source = { type: "model", id: "atlas-large", label: "atlas-large" };
const description = "Chat completion";

let keys_made = 0;
function nextKey(): string {
  keys_made += 1;
  return `spend-${keys_made}`;
}

/** Makes the tables and the function that the baseline works with, with the ledger's accounts. */
export async function createRowLocked({ pool }: Bench): Promise<void> {
  await pool.query(CREATE_ROW_LOCKED);
}

/** Single spends over many accounts by Zipf's law, many at once. */
export function writeSingles(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const draw = zipf(sizes.accounts, randomFrom(2));
  return spendInTurns("write.single.library", bench, sizes, () => spreadAccount(draw()));
}

/** Single spends on one account, many at once. */
export function writeSinglesHot(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  return spendInTurns("write.single.library.hot", bench, sizes, () => hotAccount);
}

async function spendInTurns(
  name: string,
  bench: Bench,
  sizes: Sizes,
  account: () => string,
): Promise<CaseResult> {
  const spend = async () => {
    await bench.ledger.spend(account(), { credits: spent, source, description }, { key: nextKey() });
    return 1;
  };
  const spendRowLocked = async () => {
    const values = [account(), spent, description, source.label, nextKey()];
    await bench.pool.query({ name: "bench_spend", text: SPEND, values });
    return 1;
  };
  const until = { seconds: sizes.turn_s };
  const measured = await interleave(
    sizes.turns,
    () => load(callers, until, spend),
    () => load(baseline_connections, until, spendRowLocked),
  );
  return byRate(
    name,
    `row lock, ${baseline_connections} connections`,
    callers,
    await bench.entries(),
    measured,
  );
}
