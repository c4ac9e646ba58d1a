import { isIn } from "./check.js";

/**
 * Joins the first move `f` of the expiry of each grant `g`, for the accounts of the range. A grant was opened with the expiry
 * that it had before.
 */
export const FIRST_EXPIRIES = `
  LEFT JOIN (
    SELECT DISTINCT ON (account, grant_seq) account, grant_seq, expires_before FROM credits.expiries
    WHERE ${isIn("account")} ORDER BY account, grant_seq, seq
  ) f ON f.account = g.account AND f.grant_seq = g.seq`;

/** The expiry with which a grant was opened. */
export const OPENED_WITH = "CASE WHEN f.account IS NULL THEN g.expires_at ELSE f.expires_before END";
