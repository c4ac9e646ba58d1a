import { DatabaseError, errorMeaning, serverMessage } from "../db/errors.js";
import type { Connection } from "../db/port.js";
import { type Check, type Finding, isIn, type Range, toParams } from "./check.js";

/** The outcome of a check, or the error with which a value stopped it. */
type Attempt =
  | { readonly isMade: true; readonly finding: Finding | null }
  | { readonly isMade: false; readonly error: unknown };

/**
 * Makes a check. A value that nobody can compute with, such as a window that is not JSON, stops the query over all accounts.
 * The account that has the value is then found by halves.
 *
 * @throws any error that no value of the ledger causes, such as a lost connection or a missing right
 */
export async function makeCheck(connection: Connection, check: Check, range: Range): Promise<Finding | null> {
  const attempt = await tryCheck(connection, check, range);
  if (attempt.isMade) return attempt.finding;
  let { first, last } = range;
  let { error } = attempt;
  for (;;) {
    const half = await findHalf(connection, { first, last });
    if (half === null) break;
    const lower = await tryCheck(connection, check, { first, last: half.last });
    if (lower.isMade) {
      if (lower.finding !== null) return lower.finding;
      first = half.next;
    } else {
      error = lower.error;
      last = half.last;
    }
  }
  const [only] = await connection.query<{ account: string }>(
    `SELECT account FROM credits.accounts WHERE ${isIn("account")} LIMIT 1`,
    toParams({ first, last }),
  );
  const account = only?.account ?? "";
  return {
    account,
    record: account === "" ? "the ledger" : "account",
    problem: `can't be checked: ${serverMessage(error) ?? (error as Error).message}`,
  };
}

/** Makes a check in a savepoint, because a statement that fails ends the transaction otherwise. */
async function tryCheck(connection: Connection, check: Check, range: Range): Promise<Attempt> {
  await connection.script("SAVEPOINT credits_check");
  try {
    return { isMade: true, finding: await check.find(connection, range) };
  } catch (error) {
    if (!isDueToValue(error)) throw error;
    await connection.script("ROLLBACK TO SAVEPOINT credits_check");
    return { isMade: false, error };
  } finally {
    await connection.script("RELEASE SAVEPOINT credits_check").catch(() => {});
  }
}

/** SQLSTATEs that values and replaced objects of the schema cause. */
const DUE_TO_VALUE: readonly RegExp[] = [
  /^0A/, // feature_not_supported, such as an infinite time as a number
  /^22/, // data_exception
  /^2F/, // sql_routine_exception
  /^42(?!501)/, // syntax_error_or_access_rule_violation, without insufficient_privilege
  /^P0/, // plpgsql_error
];

function isDueToValue(error: unknown): boolean {
  if (error instanceof DatabaseError) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string") return DUE_TO_VALUE.some((state) => state.test(code));
  return errorMeaning(error) === null;
}

interface Half {
  /** The last account of the lower half. */
  readonly last: string;
  /** The first account of the upper half. */
  readonly next: string;
}

/** Returns where a range is halved, or null if it has one account at most. */
async function findHalf(connection: Connection, range: Range): Promise<Half | null> {
  const [half] = await connection.query<{ last: string; next: string | null }>(
    `SELECT last, next FROM (
      SELECT account AS last, lead(account) OVER (ORDER BY account) AS next, row_number() OVER (ORDER BY account) AS number,
        count(*) OVER () AS accounts
      FROM credits.accounts WHERE ${isIn("account")}
    ) a WHERE number = (accounts + 1) / 2`,
    toParams(range),
  );
  return half === undefined || half.next === null ? null : { last: half.last, next: half.next };
}
