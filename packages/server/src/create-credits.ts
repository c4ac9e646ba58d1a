import { randomUUID } from "node:crypto";
import { z } from "zod";
import { createApp } from "./http/app.js";
import { type AccountToken, createAuth } from "./http/auth.js";
import type { UsageCommand } from "./ledger/command.js";
import type { Entry, Grant } from "./ledger/entry.js";
import { type Instant, instantFromMillis } from "./ledger/instant.js";
import { CATEGORIES } from "./ledger/kinds.js";
import * as commands from "./service/commands.js";
import * as field from "./service/fields.js";
import * as inputs from "./service/inputs.js";
import { checkAccount as account, checkKey, checkSpend, checkUsage } from "./service/plain.js";
import {
  type ActivityPage,
  createService,
  type EntryAnswer,
  type HoldAnswer,
  type Slice,
  type UsageResult,
} from "./service/service.js";
import { startSweeping, sweepDue } from "./service/sweep.js";
import { type ApiKey, sharedSecret } from "./store/access.js";
import { type Account, readAccount } from "./store/accounts.js";
import { type Database, DatabaseUnavailableError } from "./store/database.js";
import { migrate } from "./store/migrate.js";
import { openPglite } from "./store/pglite.js";
import { openPostgres } from "./store/postgres.js";
import { type Verification, type VerifyOptions, verify } from "./store/verify/verify.js";
import { createWriter } from "./writer/writer.js";

/** Where the ledger lives: a PostgreSQL server, a folder of the embedded database, or memory. */
export type DatabaseOptions =
  | { readonly url: string; readonly connections?: number }
  | { readonly dataDir?: string };

/** What the ledger writes its log with; a pino logger fits. */
export interface Logger {
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface CreditsOptions {
  readonly database: DatabaseOptions;
  /** Secret keys accepted besides those made with `createKey`. */
  readonly secretKeys?: readonly string[];
  /** The clock; the system's when left out. */
  readonly now?: () => Instant;
  readonly logger?: Logger;
}

/** What a command may carry besides its input. */
export interface CommandOptions {
  /** The same key again gives the first answer and moves nothing. Without one a repeat is a new command. */
  readonly key?: string;
}

/** What became of one usage event, with the event's id. */
export type UsageEventResult = UsageResult & { readonly id: string };

export interface ActivityOptions {
  readonly filter?: (typeof CATEGORIES)[number] | "all";
  /** 1 is the newest. */
  readonly page?: number;
  /** 1 to 100; default 8. */
  readonly perPage?: number;
  /** The `asOf` of the first page, for the pages after it. */
  readonly asOf?: string;
}

export interface ListOptions {
  readonly cursor?: string;
  /** 1 to 1,000; default 100. */
  readonly limit?: number;
}

/**
 * The ledger as a library. Every method checks its arguments first (`InvalidInputError`), refuses with a
 * `RefusedError` that has a stable `code`, and throws `DatabaseUnavailableError` or `OverloadedError` when it can't say;
 * the same key can then be sent again.
 */
export interface Credits {
  /** Handles `/v1`, `/openapi.json`, `/docs`, `/healthz` and `/readyz`; mounts wherever a fetch handler does. */
  fetch(request: Request): Promise<Response>;
  readonly engine: Database["engine"];
  /** What a commit survives, in a sentence for the operator. */
  readonly durability: string;
  /** Creates an account or changes its settings; what is left out stays. */
  putAccount(
    account: string,
    settings?: inputs.AccountSettingsInput,
  ): Promise<{ account: Account; created: boolean }>;
  /** The account, or null when there is none. */
  getAccount(account: string): Promise<Account | null>;
  /** Adds credits. */
  grant(account: string, input: inputs.GrantInput, options?: CommandOptions): Promise<EntryAnswer>;
  /** Spends credits now; refused with `insufficient_credits` when they are not covered. */
  spend(account: string, input: inputs.SpendInput, options?: CommandOptions): Promise<EntryAnswer>;
  /**
   * Reports usage that has happened: it always posts, and may leave a debt. Up to 10,000 events a call; one result an
   * event, in their order.
   */
  usage(events: readonly inputs.UsageEventInput[]): Promise<UsageEventResult[]>;
  /** Sets credits aside. */
  hold(account: string, input: inputs.HoldInput, options?: CommandOptions): Promise<HoldAnswer>;
  /** Turns a hold into usage. */
  settle(
    account: string,
    hold: string,
    input: inputs.SettleInput,
    options?: CommandOptions,
  ): Promise<EntryAnswer>;
  /** Gives a hold up. */
  release(account: string, hold: string, options?: CommandOptions): Promise<HoldAnswer>;
  /** Returns a debit in whole or in part. */
  refund(account: string, input: inputs.RefundInput, options?: CommandOptions): Promise<EntryAnswer>;
  /** Corrects the balance up or down. */
  adjust(account: string, input: inputs.CorrectionInput, options?: CommandOptions): Promise<EntryAnswer>;
  /** Takes credits away for good. */
  writeOff(account: string, input: inputs.CorrectionInput, options?: CommandOptions): Promise<EntryAnswer>;
  /** A page of activity, the newest rows first. */
  activity(account: string, options?: ActivityOptions): Promise<ActivityPage>;
  /** The entries behind a row, the oldest first. */
  activityEntries(account: string, position: number, options?: ListOptions): Promise<Slice<Entry>>;
  /** The ledger's entries, the newest first unless `order` is `"asc"`. */
  entries(
    account: string,
    options?: ListOptions & { readonly order?: "asc" | "desc" },
  ): Promise<Slice<Entry>>;
  /** The grants and what remains of them, the newest first. */
  grants(account: string, options?: ListOptions): Promise<Slice<Grant>>;
  /** A token that reads one account and nothing else; for one hour unless `expiresIn` (seconds) says otherwise. */
  createToken(account: string, options?: { readonly expiresIn?: number }): Promise<AccountToken>;
  /** Makes a secret key. The key itself is kept nowhere. */
  createKey(options: { readonly name: string }): Promise<{ id: string; key: string }>;
  listKeys(): Promise<ApiKey[]>;
  /** Revokes a secret key, within seconds on all servers; false when there is no such key. */
  revokeKey(id: string): Promise<boolean>;
  /** Checks what must always be true, on one account or all. */
  verify(options?: VerifyOptions): Promise<Verification>;
  /** Posts what is due on accounts nobody touches, and says how many there were. A server does this by itself. */
  sweep(): Promise<number>;
  /** Takes no more commands, finishes what was taken, and lets the database go. */
  close(): Promise<void>;
}

/** How often a server looks for what has come due, in milliseconds. */
const SWEEP_EVERY_MS = 5_000;

const SILENT: Logger = { warn: () => {}, error: () => {} };

const listOptions = z.strictObject({
  cursor: z.string().optional(),
  limit: z.number().int().min(1).max(1000).default(100),
});
const entriesOptions = listOptions.extend({ order: z.enum(["asc", "desc"]).default("desc") });
const activityOptions = z.strictObject({
  filter: z.enum(["all", ...CATEGORIES]).default("all"),
  page: z.number().int().min(1).max(1e12).default(1),
  perPage: z.number().int().min(1).max(100).default(8),
  asOf: z.string().optional(),
});

/**
 * Opens the ledger: connects, brings the schema up to date, and begins to look for what comes due.
 *
 * @throws DatabaseUnavailableError when the database can't be opened
 * @throws NewerSchemaError when a newer version has migrated it
 */
export async function createCredits(options: CreditsOptions): Promise<Credits> {
  const logger = options.logger ?? SILENT;
  const now = options.now ?? (() => instantFromMillis(Date.now()));
  checkDatabase(options.database);
  const database = await open(options.database, logger);
  try {
    await migrate(database);
    const tokenSecret = await sharedSecret(database, "account-tokens");
    return assemble(options, database, now, logger, tokenSecret);
  } catch (error) {
    await database.close();
    throw unreachable(options.database, error);
  }
}

const databaseOptions = z.union([
  z.strictObject({
    url: z.string().regex(/^postgres(ql)?:\/\//i),
    connections: z.number().int().min(2).max(1000).optional(),
  }),
  z.strictObject({ dataDir: z.string().min(1).optional() }),
]);

/** @throws InvalidInputError that says what a database may be, whichever part of it is wrong */
function checkDatabase(database: unknown): void {
  if (databaseOptions.safeParse(database).success) return;
  const message =
    'is neither { url: "postgres://..." } (with connections from 2 to 1000, if any are given), nor { dataDir: "a folder" }, nor {} for a database in memory; is an environment variable unset?';
  throw new inputs.InvalidInputError([{ path: "database", message }]);
}

/** Says where a database can't be reached, without the password its URL may hold. */
function unreachable(options: DatabaseOptions, error: unknown): unknown {
  const { code, message, errors } = error as Error & { code?: unknown; errors?: Error[] };
  if (!("url" in options) || typeof code !== "string" || !URL.canParse(options.url)) return error;
  const { host, pathname, username } = new URL(options.url);
  const why = message === "" ? (errors ?? []).map((one) => one.message).join("; ") : message;
  return new DatabaseUnavailableError(
    `The PostgreSQL database "${pathname.slice(1)}" at ${host} can't be used as "${username}": ${why}. Start the server, or correct the database URL or the role's rights.`,
    { cause: error },
  );
}

async function open(options: DatabaseOptions, logger: Logger): Promise<Database> {
  if ("url" in options) {
    return openPostgres({
      ...options,
      onError: (error) => logger.warn({ err: error }, "An idle database connection failed."),
    });
  }
  return openPglite(options);
}

function assemble(
  options: CreditsOptions,
  database: Database,
  now: () => Instant,
  logger: Logger,
  tokenSecret: Uint8Array,
): Credits {
  const writer = createWriter({ database, now });
  const service = createService({ database, writer, now });
  const auth = createAuth({
    tokenSecret,
    secretKeys: options.secretKeys ?? [],
    isKnownKey: service.isKnownKey,
    now,
  });
  const app = createApp({
    service,
    auth,
    onError: (error, request) => logger.error({ err: error, ...request }, "A request failed unexpectedly."),
  });
  const sweep = () => sweepDue(database, writer, now());
  const stopSweeping = startSweeping(sweep, SWEEP_EVERY_MS, (error) =>
    logger.warn({ err: error as Error }, "What is due could not be posted; it is tried again."),
  );
  const keyOf = (given: CommandOptions | undefined) => checkKey(given) ?? randomUUID();
  const list = (given: ListOptions | undefined) => {
    const { cursor, limit } = inputs.check(listOptions, given ?? {});
    return { cursor: cursor ?? null, limit };
  };
  let closing: Promise<void> | null = null;

  return {
    fetch: async (request) => app.fetch(request),
    engine: database.engine,
    durability: database.durability,
    async putAccount(id, settings) {
      const { name, timeZone, overdraftLimit, metadata } = inputs.check(
        inputs.accountSettings,
        settings ?? {},
      );
      return service.putAccount(account(id), {
        ...(name === undefined ? {} : { name }),
        ...(timeZone === undefined ? {} : { timeZone }),
        ...(overdraftLimit === undefined ? {} : { overdraftLimit }),
        ...(metadata === undefined ? {} : { metadata }),
      });
    },
    getAccount: async (id) => readAccount(database, account(id), now()),
    grant: async (id, input, given) =>
      service.post(commands.grantCommand(account(id), keyOf(given), inputs.check(inputs.grantInput, input))),
    spend: async (id, input, given) =>
      service.post(commands.spendCommand(account(id), keyOf(given), checkSpend(input))),
    async usage(events) {
      const checked = checkUsage(events);
      const posting = checked.map(commands.usageCommand);
      const results = await service.use(posting);
      return results.map(({ status, entry, refusal }, index) => ({
        id: (posting[index] as UsageCommand).key,
        status,
        entry,
        refusal,
      }));
    },
    hold: async (id, input, given) =>
      service.hold(commands.holdCommand(account(id), keyOf(given), inputs.check(inputs.holdInput, input))),
    settle: async (id, hold, input, given) =>
      service.post(
        commands.settleCommand(
          account(id),
          keyOf(given),
          inputs.check(field.holdId, hold),
          inputs.check(inputs.settleInput, input),
        ),
      ),
    release: async (id, hold, given) =>
      service.hold(commands.releaseCommand(account(id), keyOf(given), inputs.check(field.holdId, hold))),
    refund: async (id, input, given) =>
      service.post(
        commands.refundCommand(account(id), keyOf(given), inputs.check(inputs.refundInput, input)),
      ),
    adjust: async (id, input, given) =>
      service.post(
        commands.correctionCommand(
          "adjust",
          account(id),
          keyOf(given),
          inputs.check(inputs.correctionInput, input),
        ),
      ),
    writeOff: async (id, input, given) =>
      service.post(
        commands.correctionCommand(
          "writeoff",
          account(id),
          keyOf(given),
          inputs.check(inputs.correctionInput, input),
        ),
      ),
    async activity(id, given) {
      const { asOf, ...query } = inputs.check(activityOptions, given ?? {});
      return service.activity(account(id), { ...query, asOf: asOf ?? null });
    },
    activityEntries: async (id, position, given) =>
      service.activityEntries(account(id), inputs.check(field.entrySeq, position), list(given)),
    async entries(id, given) {
      const { cursor, limit, order } = inputs.check(entriesOptions, given ?? {});
      return service.entries(account(id), { cursor: cursor ?? null, limit, order });
    },
    grants: async (id, given) => service.grants(account(id), list(given)),
    async createToken(id, given) {
      const seconds = inputs.check(field.tokenSeconds, given?.expiresIn ?? field.TOKEN_SECONDS_DEFAULT);
      const found = await service.getAccount(account(id));
      return auth.issue(found.account, seconds);
    },
    createKey: async ({ name }) => service.createKey(inputs.check(field.text(200, 1), name)),
    listKeys: service.listKeys,
    revokeKey: async (id) => service.revokeKey(inputs.check(field.text(64, 1), id)),
    async verify(given) {
      if (given?.account !== undefined) account(given.account);
      return verify(database, given ?? {});
    },
    sweep,
    close() {
      closing ??= stopSweeping()
        .then(() => writer.close())
        .then(() => database.close());
      return closing;
    },
  };
}
