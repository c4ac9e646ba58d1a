import type { KeyedCommand, UsageCommand } from "../ledger/command.js";
import type { Credits } from "../ledger/credits.js";
import type { Outcome } from "../ledger/decide.js";
import type { ActivityRow, Entry, Grant, Hold } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
import type { Category } from "../ledger/kinds.js";
import type { Refusal, RefusalCode } from "../ledger/refusal.js";
import * as access from "../store/access.js";
import * as accounts from "../store/accounts.js";
import { listRowEntries, readActivity } from "../store/activity.js";
import type { Database } from "../store/database.js";
import { listEntries, listGrants } from "../store/lists.js";
import type { Writer } from "../writer/writer.js";
import { decodeAsOf, decodeCursor, encodeAsOf, encodeCursor, notOurs } from "./cursor.js";

/** Thrown when the ledger refuses a command or does not know what it names. Nothing moved. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: RefusalCode | "row_not_found";
  readonly facts: Refusal["facts"];
  constructor(refusal: { code: RefusalCode | "row_not_found"; detail: string; facts?: Refusal["facts"] }) {
    super(refusal.detail);
    this.code = refusal.code;
    this.facts = refusal.facts ?? {};
  }
}

/** The answer of a command that posted an entry. */
export interface EntryAnswer {
  readonly entry: Entry;
  /** Whether the key was used before, and this is its first answer again. */
  readonly repeated: boolean;
}

/** The answer of a command that made or released a hold. */
export interface HoldAnswer {
  readonly hold: Hold;
  readonly repeated: boolean;
}

/** What became of one usage event. */
export interface UsageResult {
  readonly status: "posted" | "duplicate" | "refused";
  readonly entry: Entry | null;
  readonly refusal: Refusal | null;
}

export interface ActivityQuery {
  readonly filter: Category | "all";
  readonly page: number;
  readonly perPage: number;
  readonly asOf: string | null;
}

/** A page of an account's activity. */
export interface ActivityPage {
  readonly rows: readonly ActivityRow[];
  /** The numbers of the first and last row shown, counted from the newest; 0 when there are none. */
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  readonly asOf: string;
  /** The account's balance at the moment of `asOf`. */
  readonly balance: Credits;
}

/** A part of a list, and where it goes on. */
export interface Slice<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface ListQuery {
  readonly cursor: string | null;
  readonly limit: number;
}

export interface ServiceOptions {
  readonly database: Database;
  readonly writer: Writer;
  readonly now: () => Instant;
}

/** What the ledger does for its callers, with checked arguments: the library and the HTTP routes are its two faces. */
export type Service = ReturnType<typeof createService>;

export function createService({ database, writer, now }: ServiceOptions) {
  async function getAccount(account: string): Promise<accounts.Account> {
    const found = await accounts.readAccount(database, account, now());
    if (found === null) throw unknownAccount(account);
    return found;
  }

  return {
    /** Runs a command that posts an entry. */
    async post(command: KeyedCommand): Promise<EntryAnswer> {
      const { entry, repeated } = accepted(await writer.submit(command));
      return { entry: entry as Entry, repeated };
    },

    /** Runs a command that makes or releases a hold. */
    async hold(command: KeyedCommand): Promise<HoldAnswer> {
      const { hold, repeated } = accepted(await writer.submit(command));
      return { hold: hold as Hold, repeated };
    },

    /** Runs usage commands, all or none of which are taken; a refusal is a result, not an error. */
    async use(commands: readonly UsageCommand[]): Promise<UsageResult[]> {
      return (await writer.submitAll(commands)).map(usageResult);
    },

    getAccount,

    async putAccount(
      account: string,
      settings: accounts.AccountSettings,
    ): Promise<{ account: accounts.Account; created: boolean }> {
      const created = await accounts.putAccount(database, account, settings, now());
      writer.forget(account);
      return { account: await getAccount(account), created };
    },

    async activity(account: string, query: ActivityQuery): Promise<ActivityPage> {
      const offset = (query.page - 1) * query.perPage;
      const asOf = query.asOf === null ? null : decodeAsOf(query.asOf);
      const range = { filter: query.filter, offset, limit: query.perPage, asOf };
      const found = await readActivity(database, account, range);
      if (found === null) throw unknownAccount(account);
      if (found.isAhead) throw notOurs();
      const total = found.asOf.totals[query.filter];
      const shown = found.rows.length;
      return {
        rows: found.rows,
        from: shown === 0 ? 0 : offset + 1,
        to: shown === 0 ? 0 : offset + shown,
        total,
        page: query.page,
        pages: Math.max(1, Math.ceil(total / query.perPage)),
        asOf: encodeAsOf(found.asOf),
        balance: found.balance,
      };
    },

    async activityEntries(account: string, position: number, query: ListQuery): Promise<Slice<Entry>> {
      const from = query.cursor === null ? 0 : decodeCursor(query.cursor);
      const entries = await listRowEntries(database, account, position, from, query.limit + 1);
      if (entries.length === 0 && query.cursor === null) {
        await getAccount(account);
        throw new RefusedError({
          code: "row_not_found",
          detail: `The account's activity has no row at position ${position}.`,
        });
      }
      return slice(entries, query.limit);
    },

    async entries(account: string, query: ListQuery & { order: "asc" | "desc" }): Promise<Slice<Entry>> {
      const start = query.order === "asc" ? 0 : Number.MAX_SAFE_INTEGER;
      const from = query.cursor === null ? start : decodeCursor(query.cursor);
      const entries = await listEntries(database, account, query.order, from, query.limit + 1);
      if (entries.length === 0) await getAccount(account);
      return slice(entries, query.limit);
    },

    async grants(account: string, query: ListQuery): Promise<Slice<Grant>> {
      const from = query.cursor === null ? Number.MAX_SAFE_INTEGER : decodeCursor(query.cursor);
      const grants = await listGrants(database, account, from, query.limit + 1);
      if (grants.length === 0) await getAccount(account);
      return slice(grants, query.limit);
    },

    createKey: (name: string) => access.createApiKey(database, name, now()),
    listKeys: () => access.listApiKeys(database),
    revokeKey: (id: string) => access.revokeApiKey(database, id, now()),
    isKnownKey: (digest: Buffer) => access.isKnownKey(database, digest),

    /** Whether the database answers. */
    async ping(): Promise<void> {
      await database.query("SELECT 1");
    },
  };
}

/** @throws RefusedError when the ledger refused the command */
function accepted(outcome: Outcome): Exclude<Outcome, { refusal: Refusal }> {
  if (outcome.refusal !== null) throw new RefusedError(outcome.refusal);
  return outcome;
}

function usageResult(outcome: Outcome): UsageResult {
  if (outcome.refusal !== null) return { status: "refused", entry: null, refusal: outcome.refusal };
  return { status: outcome.repeated ? "duplicate" : "posted", entry: outcome.entry, refusal: null };
}

/** The items that were asked for, out of one more than that, which tells where the list goes on. */
function slice<T extends { readonly seq: number }>(items: readonly T[], limit: number): Slice<T> {
  const next = items[limit];
  return { items: items.slice(0, limit), nextCursor: next === undefined ? null : encodeCursor(next.seq) };
}

function unknownAccount(account: string): RefusedError {
  return new RefusedError({
    code: "account_not_found",
    detail: `There is no account "${account}". Create it first with PUT /v1/accounts/{account}.`,
  });
}
