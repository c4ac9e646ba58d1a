import { ServerError, unsendable } from "./errors.js";
import { fixedToken, sharedToken } from "./tokens.js";
import { type RequestPlan, send, type TransportConfig } from "./transport.js";
import type {
  Account,
  AccountInput,
  AccountToken,
  ActivityPage,
  ActivityQuery,
  AdjustInput,
  CursorQuery,
  EntriesQuery,
  Entry,
  EntryList,
  Grant,
  GrantInput,
  GrantList,
  Hold,
  HoldInput,
  RefundInput,
  SettleInput,
  SpendInput,
  UsageEvent,
  UsageResult,
  WriteOffInput,
} from "./types.js";

/** How a client reaches the server. Give a `token`, or a `getToken` that can fetch a fresh one. */
export type ClientOptions = {
  /** Where the API is mounted, without `/v1`: `"https://credits.example.com"`, or in a browser also `"/credits"`. */
  readonly baseUrl: string;
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How often a failed try is repeated; 4 when left out. */
  readonly retries?: number | undefined;
  /** How long one try may take, until its whole answer is read; 30,000 when left out. */
  readonly timeoutMs?: number | undefined;
  /** The bound of the first pause between tries; it doubles with each, up to ten seconds. 250 when left out. */
  readonly retryDelayMs?: number | undefined;
} & (
  | { readonly token: string; readonly getToken?: undefined }
  | {
      /** Called when the first token is needed, and once more for a request that was refused with 401. */
      readonly getToken: () => string | Promise<string>;
      readonly token?: undefined;
    }
);

/** Options of a request that only reads, or that is the same however often it is sent. */
export interface RequestOptions {
  /** Ends the request at once, also while it waits between tries; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a command. */
export interface CommandOptions extends RequestOptions {
  /**
   * The same key makes the same command count once, for ever. Give one that the cause of the command fixes, such as an
   * order number, when the calling program itself may try again; without one, each call makes a new key.
   */
  readonly key?: string | undefined;
}

/** The API as typed methods. Amounts are decimal strings, names are those of the wire. */
export interface CreditsClient {
  /** Creates an account, or updates what is given. */
  putAccount(account: string, input?: AccountInput, options?: RequestOptions): Promise<Account>;
  /** Reads an account with its balance. */
  getAccount(account: string, options?: RequestOptions): Promise<Account>;
  /** Adds credits. */
  grant(account: string, input: GrantInput, options?: CommandOptions): Promise<{ readonly entry: Entry }>;
  /** Posts up to 10,000 usage events, of any accounts; each carries its own id and has its own result. */
  usage(
    events: readonly UsageEvent[],
    options?: RequestOptions,
  ): Promise<{ readonly results: readonly UsageResult[] }>;
  /** Takes credits now, or throws an `InsufficientCreditsError`. */
  spend(account: string, input: SpendInput, options?: CommandOptions): Promise<{ readonly entry: Entry }>;
  /** Sets credits aside for work in progress, or throws an `InsufficientCreditsError`. */
  hold(account: string, input: HoldInput, options?: CommandOptions): Promise<{ readonly hold: Hold }>;
  /** Ends a hold by taking what the work came to. */
  settle(
    account: string,
    hold: string,
    input: SettleInput,
    options?: CommandOptions,
  ): Promise<{ readonly entry: Entry }>;
  /** Ends a hold and takes nothing. */
  release(account: string, hold: string, options?: CommandOptions): Promise<{ readonly hold: Hold }>;
  /** Returns credits of an entry, in whole or part. */
  refund(account: string, input: RefundInput, options?: CommandOptions): Promise<{ readonly entry: Entry }>;
  /** Corrects the balance up or down. */
  adjust(account: string, input: AdjustInput, options?: CommandOptions): Promise<{ readonly entry: Entry }>;
  /** Takes credits off the books. */
  writeOff(
    account: string,
    input: WriteOffInput,
    options?: CommandOptions,
  ): Promise<{ readonly entry: Entry }>;
  /** Reads a page of activity rows. */
  activity(account: string, query?: ActivityQuery, options?: RequestOptions): Promise<ActivityPage>;
  /** Reads the entries behind an activity row, oldest first. */
  activityEntries(
    account: string,
    position: number,
    query?: CursorQuery,
    options?: RequestOptions,
  ): Promise<EntryList>;
  /** Reads a part of the raw ledger. */
  entries(account: string, query?: EntriesQuery, options?: RequestOptions): Promise<EntryList>;
  /** Reads grants with what is left of them. */
  grants(account: string, query?: CursorQuery, options?: RequestOptions): Promise<GrantList>;
  /** Makes a short-lived token that reads this account; an hour when `expires_in` (seconds) is left out. */
  createToken(
    account: string,
    input?: { readonly expires_in?: number | undefined },
    options?: RequestOptions,
  ): Promise<AccountToken>;
  /** Goes through the raw ledger; `limit` is how many are fetched at a time. */
  eachEntry(
    account: string,
    query?: EntriesQuery,
    options?: RequestOptions,
  ): AsyncGenerator<Entry, void, undefined>;
  /** Goes through the entries behind an activity row, oldest first. */
  eachActivityEntry(
    account: string,
    position: number,
    query?: CursorQuery,
    options?: RequestOptions,
  ): AsyncGenerator<Entry, void, undefined>;
  /** Goes through all grants. */
  eachGrant(
    account: string,
    query?: CursorQuery,
    options?: RequestOptions,
  ): AsyncGenerator<Grant, void, undefined>;
}

/** Makes a client. It holds no connection, so there is nothing to close. */
export function createClient(options: ClientOptions): CreditsClient {
  const config = configFrom(options);
  const read = <Value>(
    path: string,
    query: RequestPlan["query"] | undefined,
    request: RequestOptions | undefined,
  ): Promise<Value> => call(config, { method: "GET", path, query: query ?? {}, signal: request?.signal });
  const command = <Value>(path: string, body: unknown, request: CommandOptions = {}): Promise<Value> =>
    call(config, { method: "POST", path, body, key: checkedKey(request.key), signal: request.signal });

  const client: CreditsClient = {
    putAccount: async (account, input = {}, request) =>
      call(config, { method: "PUT", path: accountPath(account), body: input, signal: request?.signal }),
    getAccount: async (account, request) => read(accountPath(account), undefined, request),
    grant: async (account, input, request) => command(`${accountPath(account)}/grants`, input, request),
    usage: async (events, request) =>
      call(config, { method: "POST", path: "/v1/usage", body: { events }, signal: request?.signal }),
    spend: async (account, input, request) => command(`${accountPath(account)}/spend`, input, request),
    hold: async (account, input, request) => command(`${accountPath(account)}/holds`, input, request),
    settle: async (account, hold, input, request) =>
      command(`${accountPath(account)}/holds/${segment("hold", hold)}/settle`, input, request),
    release: async (account, hold, request) =>
      command(`${accountPath(account)}/holds/${segment("hold", hold)}/release`, {}, request),
    refund: async (account, input, request) => command(`${accountPath(account)}/refunds`, input, request),
    adjust: async (account, input, request) => command(`${accountPath(account)}/adjustments`, input, request),
    writeOff: async (account, input, request) => command(`${accountPath(account)}/writeoffs`, input, request),
    activity: async (account, query, request) =>
      read(`${accountPath(account)}/activity`, { ...query }, request),
    activityEntries: async (account, position, query, request) =>
      read(`${accountPath(account)}/activity/${position}/entries`, { ...query }, request),
    entries: async (account, query, request) =>
      read(`${accountPath(account)}/entries`, { ...query }, request),
    grants: async (account, query, request) => read(`${accountPath(account)}/grants`, { ...query }, request),
    createToken: async (account, input = {}, request) =>
      call(config, {
        method: "POST",
        path: `${accountPath(account)}/tokens`,
        body: input,
        signal: request?.signal,
      }),
    eachEntry: (account, query, request) =>
      each(
        query,
        (part) => client.entries(account, part, request),
        (list) => list.entries,
      ),
    eachActivityEntry: (account, position, query, request) =>
      each(
        query,
        (part) => client.activityEntries(account, position, part, request),
        (list) => list.entries,
      ),
    eachGrant: (account, query, request) =>
      each(
        query,
        (part) => client.grants(account, part, request),
        (list) => list.grants,
      ),
  };
  return client;
}

/** The one place where an answer is taken for what the contract promises. */
async function call<Value>(config: TransportConfig, plan: RequestPlan): Promise<Value> {
  return (await send(config, plan)) as Value;
}

async function* each<List extends { readonly next_cursor: string | null }, Item>(
  query: EntriesQuery | undefined,
  fetchPart: (query: EntriesQuery) => Promise<List>,
  itemsOf: (list: List) => readonly Item[],
): AsyncGenerator<Item, void, undefined> {
  let cursor = query?.cursor;
  for (;;) {
    const list = await fetchPart({ ...query, cursor });
    yield* itemsOf(list);
    if (list.next_cursor === null) return;
    if (list.next_cursor === cursor) {
      throw new ServerError(
        "The list can't be read to its end, since the server answered with the cursor it was asked for. Look into the server's log.",
        { code: "unexpected_response", status: 200, problem: null },
      );
    }
    cursor = list.next_cursor;
  }
}

function configFrom(options: ClientOptions): TransportConfig {
  const { baseUrl, token, getToken, retries = 4, timeoutMs = 30_000, retryDelayMs = 250 } = options;
  const fetch = options.fetch ?? globalThis.fetch;
  if (getToken === undefined && (typeof token !== "string" || token === "")) {
    throw new TypeError("createClient got no token. Give a token, or a getToken function that returns one.");
  }
  if (typeof baseUrl !== "string" || (!URL.canParse(baseUrl) && globalThis.location === undefined)) {
    throw new TypeError(
      `createClient got the baseUrl ${JSON.stringify(baseUrl)}. Outside a browser it must be absolute, such as "https://credits.example.com".`,
    );
  }
  if (!Number.isInteger(retries) || retries < 0) {
    throw new TypeError(`createClient got retries: ${retries}. It must be a whole number, 0 or more.`);
  }
  if (!(timeoutMs > 0))
    throw new TypeError(`createClient got timeoutMs: ${timeoutMs}. It must be more than 0.`);
  return {
    baseUrl: baseUrl.replace(/\/+$/, ""),
    tokens: getToken === undefined ? fixedToken(token) : sharedToken(getToken),
    // Called through a closure, since a browser's fetch refuses to be called as a method of anything but the window.
    fetch: (input, init) => fetch(input, init),
    retries,
    // A timer of more milliseconds than these would go off at once.
    timeoutMs: Math.min(timeoutMs, 2 ** 31 - 1),
    retryDelayMs,
  };
}

function accountPath(account: string): string {
  return `/v1/accounts/${segment("account", account)}`;
}

function segment(name: string, value: string): string {
  if (typeof value !== "string" || value === "") {
    throw unsendable(
      name,
      `The ${name} id is empty or no string, so there is no path to send to. Give its id.`,
    );
  }
  // URLs resolve these two as steps in the path, percent-encoded or not, so the request would go elsewhere.
  if (value === "." || value === "..") {
    throw unsendable(
      name,
      `The ${name} id ${JSON.stringify(value)} can't be sent in a URL. Give it another id.`,
    );
  }
  try {
    return encodeURIComponent(value);
  } catch {
    throw unsendable(
      name,
      `The ${name} id holds half a surrogate pair, which is no Unicode text. Check its source.`,
    );
  }
}

function checkedKey(key: string | undefined): string {
  if (key === undefined) return crypto.randomUUID();
  if (typeof key === "string" && /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) return key;
  throw unsendable(
    "key",
    `The key ${JSON.stringify(key)} can't be sent in a header. Give 1 to 255 printable ASCII characters without spaces at the ends.`,
  );
}
