import { toUnsendable } from "./errors.js";
import type { CallOptions, CommandOptions, Ledger } from "./ledger.js";
import { type LedgerClientOptions, toCommandOptions, toSignal, toTransportConfig } from "./options.js";
import { type RequestPlan, send } from "./transport.js";

/**
 * Creates a ledger that calls the HTTP API. It retries failed requests with the same key, and holds no connection.
 *
 * @example
 * const ledger = createLedgerClient({ baseUrl: "https://credits.example.com", key: "ca_secret_..." });
 * await ledger.spend("acme", { credits: "0.75", description: "Landing page rewrite" });
 *
 * @throws TypeError if an option is missing, unknown or not valid.
 */
export function createLedgerClient(options: LedgerClientOptions): Ledger {
  const config = toTransportConfig(options);

  // The contract of the API promises the type of each response.
  const request = async <Result>(plan: RequestPlan): Promise<Result> => (await send(config, plan)) as Result;

  const read = async <Result>(path: string, query?: object, call?: CallOptions): Promise<Result> =>
    request({ method: "GET", path, query: query ?? {}, signal: toSignal(call) });

  const write = async <Result>(
    method: "PUT" | "POST",
    path: string,
    body: unknown,
    call?: CallOptions,
  ): Promise<Result> => request({ method, path, body, signal: toSignal(call) });

  const command = async <Result>(path: string, body: unknown, call?: CommandOptions): Promise<Result> =>
    request({ method: "POST", path, body, ...toCommandOptions(call) });

  return {
    putAccount: async (account, settings = {}, call) => write("PUT", accountPath(account), settings, call),
    getAccount: async (account, call) => read(accountPath(account), {}, call),
    accounts: async (query, call) => read("/v1/accounts", query, call),
    grant: async (account, input, call) => command(accountPath(account, "grants"), input, call),
    spend: async (account, input, call) => command(accountPath(account, "spend"), input, call),
    usage: async (events, call) => write("POST", "/v1/usage", { events }, call),
    hold: async (account, input, call) => command(accountPath(account, "holds"), input, call),
    settle: async (account, hold, input, call) =>
      command(accountPath(account, "holds", toSegment("hold", hold), "settle"), input, call),
    extend: async (account, hold, input = {}, call) =>
      command(accountPath(account, "holds", toSegment("hold", hold), "extend"), input, call),
    release: async (account, hold, call) =>
      command(accountPath(account, "holds", toSegment("hold", hold), "release"), {}, call),
    refund: async (account, input, call) => command(accountPath(account, "refunds"), input, call),
    adjust: async (account, input, call) => command(accountPath(account, "adjustments"), input, call),
    writeOff: async (account, input, call) => command(accountPath(account, "writeoffs"), input, call),
    voidGrant: async (account, input, call) => command(accountPath(account, "voids"), input, call),
    extendGrant: async (account, input, call) => command(accountPath(account, "extensions"), input, call),
    closeAccount: async (account, input = {}, call) => command(accountPath(account, "close"), input, call),
    anonymizeAccount: async (account, call) => command(accountPath(account, "anonymize"), {}, call),
    activity: async (account, query, call) => read(accountPath(account, "activity"), query, call),
    activityEntries: async (account, position, query, call) =>
      read(accountPath(account, "activity", toSegment("position", String(position)), "entries"), query, call),
    entries: async (account, query, call) => read(accountPath(account, "entries"), query, call),
    getEntry: async (account, seq, call) =>
      read(accountPath(account, "entries", toSegment("seq", String(seq))), {}, call),
    holds: async (account, query, call) => read(accountPath(account, "holds"), query, call),
    getHold: async (account, hold, call) =>
      read(accountPath(account, "holds", toSegment("hold", hold)), {}, call),
    balance: async (account, query, call) => read(accountPath(account, "balance"), query, call),
    totals: async (account, query, call) => read(accountPath(account, "totals"), query, call),
    grants: async (account, query, call) => read(accountPath(account, "grants"), query, call),
    createToken: async (account, input = {}, call) =>
      write("POST", accountPath(account, "tokens"), input, call),
  };
}

function accountPath(account: string, ...segments: readonly string[]): string {
  return ["/v1/accounts", toSegment("account", account), ...segments].join("/");
}

function toSegment(name: string, value: string): string {
  if (typeof value !== "string" || value === "") {
    throw toUnsendable(name, `The ${name} is not a string, or empty. Set its id.`);
  }
  // URLs resolve these two as steps in the path, even percent-encoded, so the request would go elsewhere.
  if (value === "." || value === "..") {
    throw toUnsendable(name, `The ${name} ${JSON.stringify(value)} can't be sent in a URL. Use another id.`);
  }
  try {
    return encodeURIComponent(value);
  } catch {
    throw toUnsendable(name, `The ${name} has half of a surrogate pair. Check its source.`);
  }
}
