import type { Ledger } from "@credit-activity/client";
import { settled, toOptionsSchema } from "./api/calls.js";
import { checkDatabase } from "./api/database.js";
import { toPublicError } from "./api/errors.js";
import { check, checkValue } from "./api/inputs.js";
import { createKinds } from "./api/kinds.js";
import { createMethods } from "./api/methods.js";
import { checkOptions, functionOption, type LedgerOptions, type Logger, toClock } from "./api/options.js";
import { createPresenter } from "./api/present.js";
import * as request from "./api/requests.js";
import { createWithin, type TransactionLedger } from "./api/within.js";
import { createCredentials } from "./auth/credentials.js";
import {
  createSecretKey,
  listSecretKeys,
  readSharedSecret,
  readValidKeys,
  revokeSecretKey,
} from "./auth/keys.js";
import * as field from "./core/fields.js";
import { formatInstant } from "./core/instant.js";
import type { TransactionClient } from "./db/caller.js";
import { type DatabaseOptions, migrateDatabase, openDatabase, toOpenError } from "./db/open.js";
import type { Database } from "./db/port.js";
import { type Watch, watch } from "./db/watch.js";
import { ClosedError, createEngine } from "./engine/engine.js";
import { createToAddress } from "./http/address.js";
import { limitWrites } from "./http/admission.js";
import { createApp } from "./http/app.js";
import { createSweepLease, eraseOpen, startSweeping, sweepDue } from "./jobs/sweep.js";
import { createLabels } from "./queries/labels.js";
import { type Verification, type VerifyOptions, verify } from "./verify/verify.js";

/** A secret key as it is listed, without the key itself. */
export interface SecretKey {
  readonly id: string;
  readonly name: string;
  /** The last characters of the key. */
  readonly hint: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** A ledger in this process, on its database. Besides the methods of every ledger it has those of the operator. */
export interface LocalLedger extends Ledger {
  /**
   * Handles `/v1`, `/openapi.json`, `/healthz` and `/readyz`. It mounts wherever a fetch handler does.
   *
   * @param context the bindings of `@hono/node-server`, which passes them itself; they have the address of the client
   */
  fetch(request: Request, context?: unknown): Promise<Response>;
  /** True if commands are refused now, because too many wait. A server that asks before it reads a request saves work. */
  readonly isFull: boolean;
  readonly engine: Database["engine"];
  /** A sentence for the operator about the failures that a commit survives. */
  readonly durability: string;
  /**
   * Returns the commands of the ledger inside a transaction of yours, on the database of the ledger. They commit or roll back
   * with it. A refused command leaves the transaction as it is.
   *
   * @param client the client of the transaction, such as one of `pg`; errors of the database come as it throws them
   * @throws InvalidRequestError if the client has no method `query`, or if the database is embedded
   */
  within(client: TransactionClient): TransactionLedger;
  /** Creates a secret key. The key itself is not stored. */
  createKey(input: { readonly name: string }): Promise<{ id: string; key: string }>;
  listKeys(): Promise<SecretKey[]>;
  /** Revokes a secret key, within five seconds on all servers. It resolves to false when there is no such key. */
  revokeKey(id: string): Promise<boolean>;
  /** Checks what must always be true, on one account or all. */
  verify(options?: VerifyOptions): Promise<Verification>;
  /**
   * Posts what is due on accounts that nobody touches, carries on what `anonymizeAccount` could not finish, and resolves to
   * the number of those accounts. A ledger does this by itself every 5 seconds, unless its option `sweep` is false. One
   * server of a database posts at a time, and the others resolve to 0 meanwhile.
   *
   * @throws ServerError after all others, if accounts could not be touched or anonymized
   */
  sweep(): Promise<number>;
  /** Takes no more commands, finishes those it took, and closes the database. */
  close(): Promise<void>;
}

/** The interval at which a ledger looks for what has come due. */
const SWEEP_EVERY_MS = 5_000;

const CLOCK_OFFSET_MAX = 60;

/** The name of the secret that account tokens are signed with. */
const TOKEN_SECRET = "account-tokens";

const SILENT: Logger = { warn: () => {}, error: () => {} };

/**
 * Opens a ledger: connects, brings the schema up to date, and starts to look for what comes due.
 *
 * @throws InvalidRequestError when an option is unknown or not valid
 * @throws UnavailableError when the database can't be opened
 */
export async function createLedger(given: LedgerOptions): Promise<LocalLedger> {
  const options = checkOptions(given);
  const logger = options.logger ?? SILENT;
  try {
    const database = await openDatabase(options.database, (error) =>
      logger.warn({ err: error }, "An idle database connection failed."),
    );
    try {
      const tokenSecret = await readSharedSecret(database, TOKEN_SECRET);
      const watched = await watch(database, {
        now: options.now === undefined ? null : toClock(options.now),
        offsetSecondsMax: options.clockOffsetMax ?? CLOCK_OFFSET_MAX,
        onWarning: (message) => logger.warn({}, message),
      });
      return assemble(options, watched, logger, tokenSecret);
    } catch (error) {
      await database.close();
      throw toOpenError(options.database, error);
    }
  } catch (error) {
    throw toPublicError(error);
  }
}

/**
 * Brings the schema of a database up to this version, apart from any ledger. Servers that open theirs with `migrate: false`
 * need no right to change the schema.
 *
 * @returns the names of the migrations that were applied
 * @throws InvalidRequestError when an option is unknown or not valid
 * @throws UnavailableError when the database can't be opened
 */
export async function migrate(database: DatabaseOptions): Promise<string[]> {
  const options = checkDatabase(database);
  try {
    return await migrateDatabase(options);
  } catch (error) {
    throw toPublicError(error);
  }
}

function assemble(
  options: LedgerOptions,
  watched: Watch,
  logger: Logger,
  tokenSecret: Uint8Array,
): LocalLedger {
  const { database, now, admit } = watched;
  const engine = createEngine({ database, now, admit });
  const kinds = createKinds(options.kinds ?? {});
  const labels = createLabels(database);
  const credentials = createCredentials({
    tokenSecret,
    secretKeys: options.secretKeys ?? [],
    readValidKeys: (digests) => readValidKeys(database, digests),
    now,
  });
  const onError = (error: Error) => logger.error({ err: error }, "A usage event failed unexpectedly.");
  const parts = { database, engine, credentials, kinds, labels, now, onError };
  const presenter = createPresenter(kinds, true);
  const methods = {
    secret: createMethods({ ...parts, presenter }),
    reader: createMethods({ ...parts, presenter: createPresenter(kinds, false) }),
  };
  const app = createApp({
    methods,
    basePath: options.basePath ?? "",
    toAddress: createToAddress(options.trustedProxies ?? 0),
    credentials,
    ping: watched.check,
    onError: (error, request) => logger.error({ err: error, ...request }, "A request failed unexpectedly."),
  });
  const lease = createSweepLease(database);
  const post = async () => {
    await admit();
    return sweepDue(database, engine, lease, now());
  };
  const erase = () => eraseOpen(database, engine, now());
  const warn = (message: string) => (error: unknown) => logger.warn({ err: error as Error }, message);
  const startJobs = () => [
    startSweeping(post, SWEEP_EVERY_MS, warn("What is due could not be posted. It is tried again.")),
    startSweeping(erase, SWEEP_EVERY_MS, warn("Free text could not be erased. It is tried again.")),
  ];
  const jobs = options.sweep === false ? [] : startJobs();
  let closing: Promise<void> | null = null;
  const assertOpen = () => {
    if (closing !== null) throw toPublicError(new ClosedError("The ledger is closed. Open it again."));
  };
  const { putAccountCreated, postUsage, ...ledger } = methods.secret;

  return {
    ...ledger,
    fetch: limitWrites(app.fetch, () => engine.isFull),
    get isFull() {
      return engine.isFull;
    },
    engine: database.engine,
    durability: database.durability,
    within: (client) => createWithin(client, { ...parts, presenter, admit, assertOpen }),
    async createKey(input) {
      const { name } = check(request.keyInput, input);
      return settled(createSecretKey(database, name, now()), undefined);
    },
    async listKeys() {
      const keys = await settled(listSecretKeys(database), undefined);
      return keys.map((key) => ({
        ...key,
        createdAt: formatInstant(key.createdAt),
        revokedAt: key.revokedAt === null ? null : formatInstant(key.revokedAt),
      }));
    },
    async revokeKey(id) {
      return settled(revokeSecretKey(database, checkValue(keyId, "id", id), now()), undefined);
    },
    async verify(given = {}) {
      const checked = check(verifyOptions, given);
      return settled(verify(database, checked as VerifyOptions), undefined);
    },
    async sweep() {
      const touched = await settled(post(), undefined);
      await settled(erase(), undefined);
      return touched;
    },
    close() {
      closing ??= Promise.all(jobs.map((stop) => stop()))
        .then(() => engine.close())
        .then(() => watched.stop())
        .then(() => database.close());
      return closing;
    },
  };
}

const keyId = field.string(64, 1);

const verifyOptions = toOptionsSchema({
  account: field.accountId.nullish(),
  onCheck: functionOption.nullish(),
});
