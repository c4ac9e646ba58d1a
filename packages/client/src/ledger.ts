import type {
  Account,
  AccountList,
  AccountSettings,
  AccountsQuery,
  AccountToken,
  ActivityPage,
  ActivityQuery,
  AdjustInput,
  Balance,
  BalanceQuery,
  CloseAccountInput,
  EntriesQuery,
  Entry,
  EntryList,
  EntryResult,
  ExtendGrantInput,
  ExtendInput,
  GrantInput,
  GrantList,
  Hold,
  HoldInput,
  HoldList,
  HoldResult,
  HoldsQuery,
  ListQuery,
  RefundInput,
  SettleInput,
  SettleResult,
  SpendInput,
  TokenInput,
  Totals,
  TotalsQuery,
  UsageEvent,
  UsageResults,
  VoidGrantInput,
  WriteOffInput,
} from "./types.js";

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call, also between tries. The call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options of a command. */
export interface CommandOptions extends CallOptions {
  /**
   * The idempotency key. The first command with a key counts, and every repetition returns its result.
   * Use a stable key, such as an order number, if your program may repeat the command. Default: a random key per call.
   */
  readonly key?: string;
}

/**
 * A credit ledger, in-process or over HTTP.
 *
 * Amounts are decimal strings of credits. Times are RFC 3339 strings in UTC. Every result is plain JSON.
 * In inputs, null means left out. Amounts may also be numbers of at most 15 significant digits, and times `Date`s.
 *
 * Every method can throw an `InvalidRequestError`, an `UnauthorizedError`, a `ForbiddenError`, an `UnavailableError`
 * or a `ServerError`. Further errors are listed per method. Commands and `putAccount` on a closed account throw a
 * `RefusedError` `account_closed`.
 */
export interface Ledger {
  /** Creates an account, or changes the given settings. A `name` of null is removed. */
  putAccount(account: string, settings?: AccountSettings, options?: CallOptions): Promise<Account>;

  /**
   * Reads an account with its balance.
   *
   * @throws NotFoundError `account_not_found`
   */
  getAccount(account: string, options?: CallOptions): Promise<Account>;

  /** Lists the accounts in the order of their ids. An account token never reads it. */
  accounts(query?: AccountsQuery, options?: CallOptions): Promise<AccountList>;

  /**
   * Adds credits as a grant.
   *
   * @throws NotFoundError `account_not_found`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `already_expired`, `invalid_amount`, `amount_out_of_range`
   */
  grant(account: string, input: GrantInput, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Takes credits now, if the available credits and the overdraft limit cover them. With `atMost` it takes what they cover.
   *
   * @throws NotFoundError `account_not_found`
   * @throws InsufficientCreditsError with the facts `available` and `required`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `invalid_amount`, `amount_out_of_range`
   */
  spend(account: string, input: SpendInput, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Records 1 to 10,000 events of usage that has happened, for any accounts. Usage may leave a debt.
   * Each event has its own id, and its own result in the order of the events. A repeated id is a `duplicate`. Send an
   * event that `failed` again with the same id.
   *
   * @throws UnavailableError if no event could be decided
   */
  usage(events: readonly UsageEvent[], options?: CallOptions): Promise<UsageResults>;

  /**
   * Sets credits aside for work in progress. They are kept beyond the expiry of their grants. The hold expires after
   * `expiresIn` seconds.
   *
   * @throws NotFoundError `account_not_found`
   * @throws InsufficientCreditsError with the facts `available` and `required`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `invalid_amount`, `amount_out_of_range`
   */
  hold(account: string, input: HoldInput, options?: CommandOptions): Promise<HoldResult>;

  /**
   * Ends a hold and takes the final amount. Up to the held amount it always succeeds. With 0 it releases the hold: the
   * result then has no entry, and has the hold. More has to be covered, unless
   * `excess` states otherwise.
   *
   * @throws NotFoundError `account_not_found`, `hold_not_found`
   * @throws InsufficientCreditsError if the amount beyond the hold is not covered
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `hold_closed` with the fact `holdStatus`, `invalid_amount`, `amount_out_of_range`
   */
  settle(account: string, hold: string, input: SettleInput, options?: CommandOptions): Promise<SettleResult>;

  /**
   * Prolongs a hold: it lasts at least `expiresIn` seconds from now, 3,600 by default.
   *
   * @throws NotFoundError `account_not_found`, `hold_not_found`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `hold_closed` with the fact `holdStatus`
   */
  extend(account: string, hold: string, input?: ExtendInput, options?: CommandOptions): Promise<HoldResult>;

  /**
   * Ends a hold and takes nothing.
   *
   * @throws NotFoundError `account_not_found`, `hold_not_found`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `hold_closed` with the fact `holdStatus`
   */
  release(account: string, hold: string, options?: CommandOptions): Promise<HoldResult>;

  /**
   * Returns credits of an entry to the grants they came from: all that is left, or `credits`.
   *
   * @throws NotFoundError `account_not_found`, `entry_not_found`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `not_refundable`, `refund_exceeds_entry` with the fact `refundable`, `invalid_amount`,
   * `amount_out_of_range`
   */
  refund(account: string, input: RefundInput, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Corrects the balance, up or down.
   *
   * @throws NotFoundError `account_not_found`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `invalid_amount`, `amount_out_of_range`
   */
  adjust(account: string, input: AdjustInput, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Takes credits away for good.
   *
   * @throws NotFoundError `account_not_found`
   * @throws InsufficientCreditsError with the facts `available` and `required`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `invalid_amount`, `amount_out_of_range`
   */
  writeOff(account: string, input: WriteOffInput, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Takes back what remains of one grant, such as a purchase that was charged back. No other grant is touched.
   *
   * @throws NotFoundError `account_not_found`, `grant_not_found`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `grant_ended`
   */
  voidGrant(account: string, input: VoidGrantInput, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Moves the expiry of a grant to a later time, by an entry that moves no credits.
   *
   * @throws NotFoundError `account_not_found`, `grant_not_found`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `grant_ended`, `not_extended`
   */
  extendGrant(account: string, input: ExtendGrantInput, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Closes an account. It takes no commands afterwards, except `release` and `anonymizeAccount`. Its history stays, and
   * grants and holds go on to expire.
   *
   * @throws NotFoundError `account_not_found`
   * @throws KeyConflictError if the key belongs to another command
   */
  closeAccount(account: string, input?: CloseAccountInput, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Erases the free text about people from a closed account for good: its name and metadata, and in its history
   * descriptions, given titles, labels, members, metadata and costs. Amounts, times, keys and other ids stay, and `verify`
   * still proves them. A repeated command erases again.
   *
   * @throws NotFoundError `account_not_found`
   * @throws KeyConflictError if the key belongs to another command
   * @throws RefusedError `account_open`
   */
  anonymizeAccount(account: string, options?: CommandOptions): Promise<EntryResult>;

  /**
   * Reads a page of activity rows, newest first. Send the `asOf` of the first page with the later pages.
   *
   * @throws NotFoundError `account_not_found`
   */
  activity(account: string, query?: ActivityQuery, options?: CallOptions): Promise<ActivityPage>;

  /**
   * Lists the entries of an activity row, oldest first.
   *
   * @throws NotFoundError `account_not_found`, `row_not_found`
   */
  activityEntries(
    account: string,
    position: number,
    query?: ListQuery,
    options?: CallOptions,
  ): Promise<EntryList>;

  /**
   * Lists the entries of an account, newest first by default. With a filter, a part may have few entries or none, and still
   * a `nextCursor`, because a request looks at 10,000 entries.
   *
   * @throws NotFoundError `account_not_found`
   */
  entries(account: string, query?: EntriesQuery, options?: CallOptions): Promise<EntryList>;

  /**
   * Reads an entry.
   *
   * @throws NotFoundError `account_not_found`, `entry_not_found`
   */
  getEntry(account: string, seq: number, options?: CallOptions): Promise<Entry>;

  /**
   * Lists the holds of an account, newest first.
   *
   * @throws NotFoundError `account_not_found`
   */
  holds(account: string, query?: HoldsQuery, options?: CallOptions): Promise<HoldList>;

  /**
   * Reads a hold.
   *
   * @throws NotFoundError `account_not_found`, `hold_not_found`
   */
  getHold(account: string, hold: string, options?: CallOptions): Promise<Hold>;

  /**
   * Reads the balance after the last entry that was recorded at a time or before, or right after the entry `seq`. An expiry
   * that was posted late counts from when it was posted.
   *
   * @throws NotFoundError `account_not_found`, `entry_not_found`
   */
  balance(account: string, query?: BalanceQuery, options?: CallOptions): Promise<Balance>;

  /**
   * Adds up the entries that were recorded from `from` on and before `to`. A part by day covers as many days as its
   * `limit`. A span of more than 100,000 activity rows is refused.
   *
   * @throws NotFoundError `account_not_found`
   */
  totals(account: string, query: TotalsQuery, options?: CallOptions): Promise<Totals>;

  /**
   * Lists the grants of an account with their remaining credits, newest first.
   *
   * @throws NotFoundError `account_not_found`
   */
  grants(account: string, query?: ListQuery, options?: CallOptions): Promise<GrantList>;

  /**
   * Creates a token that reads this account for `expiresIn` seconds, 3,600 by default.
   *
   * @throws NotFoundError `account_not_found`
   */
  createToken(account: string, input?: TokenInput, options?: CallOptions): Promise<AccountToken>;
}
