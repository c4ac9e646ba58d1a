/** The sessions of the ledger's servers on a database, as the rest of a SELECT. */
export const SERVER_SESSIONS = `FROM pg_stat_activity
  WHERE application_name = 'credit-activity' AND datname = current_database()`;
