import pg from "pg";

/** How many connections the row-lock baseline has. */
export const row_lock_connections = 8;

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

const SPEND = "SELECT row_locked.spend($1, $2, $3, $4, $5) AS balance";

/** A spend as the baseline takes it. The amount is in micro-credits. */
export interface RowLockSpend {
  readonly account: string;
  readonly credits: bigint;
  readonly description: string;
  readonly source: string;
  readonly key: string;
}

/** The baseline's own connections. */
export interface RowLock {
  /** Spends and answers the balance after it, in micro-credits. */
  spend(spend: RowLockSpend): Promise<bigint>;
  close(): Promise<void>;
}

/** Makes the tables and the function that the baseline works with, with the ledger's accounts. */
export async function createRowLocked(pool: pg.Pool): Promise<void> {
  await pool.query(CREATE_ROW_LOCKED);
}

/** Opens the baseline on the database of the URL. */
export function openRowLock(url: string): RowLock {
  const pool = new pg.Pool({ connectionString: url, max: row_lock_connections });
  pool.on("error", () => {}); // A connection lost while idle fails the next query, which says so.
  return {
    spend: async ({ account, credits, description, source, key }) => {
      const values = [account, credits, description, source, key];
      const { rows } = await pool.query<{ balance: string }>({ name: "bench_spend", text: SPEND, values });
      return BigInt(rows[0]?.balance ?? 0);
    },
    close: () => pool.end(),
  };
}
