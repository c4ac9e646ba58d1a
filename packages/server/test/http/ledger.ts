import type { Account, Entry, Grant, Problem } from "@credit-activity/client";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { createLedger, type LedgerOptions, type LocalLedger } from "../../src/index.js";
import type { Engine } from "../databases.js";
import { type Document, faults, findRoute } from "./openapi-schema.js";

/** The secret key of the tests. */
export const SECRET = "secret-of-the-tests";

/** Differences of a request from the usual one. */
export interface RequestOptions {
  readonly key?: string;
  /** The whole Authorization header. Null for none. Default: the tests' secret key. */
  readonly authorization?: string | null;
  readonly contentType?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response that was read to its end. */
export interface Reply<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

/** A ledger with its HTTP handler. Each response is compared with the OpenAPI document that the ledger serves. */
export interface TestLedger {
  readonly local: LocalLedger;
  readonly document: Document;
  /** The URL of the database. Null for the embedded one. */
  readonly url: string | null;
  /** The operations that have succeeded, as "METHOD /path". */
  readonly covered: ReadonlySet<string>;
  call<Body = Problem>(
    method: string,
    path: string,
    body?: unknown,
    options?: RequestOptions,
  ): Promise<Reply<Body>>;
  get<Body = Problem>(path: string, options?: RequestOptions): Promise<Reply<Body>>;
  post<Body = Problem>(path: string, body: unknown, options?: RequestOptions): Promise<Reply<Body>>;
  /** Creates an account and grants these credits, if any. Returns its id. */
  account(credits?: string): Promise<string>;
  /** Reads all of an account, to show that nothing moved. */
  readState(account: string): Promise<AccountState>;
  drop(): Promise<void>;
}

export interface AccountState {
  readonly account: Account;
  readonly entries: readonly Entry[];
  readonly grants: readonly Grant[];
}

export interface TestOptions extends Pick<LedgerOptions, "now" | "kinds" | "logger" | "trustedProxies"> {
  readonly engine: Engine;
}

/** Opens a ledger on a new database. */
export async function openLedger({ engine, ...options }: TestOptions): Promise<TestLedger> {
  const own = engine === "postgres" ? await createHostileDatabase("http") : null;
  const local = await createLedger({
    database: own === null ? { memory: true } : { url: own.url },
    secretKeys: [SECRET],
    ...options,
  });
  const served = await local.fetch(new Request("http://ledger.test/openapi.json"));
  const document = (await served.json()) as Document;
  const covered = new Set<string>();
  let accounts = 0;

  const call: TestLedger["call"] = async <Body>(
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ) => {
    const request = toRequest(method, path, body, options);
    const reply = await readReply<Body>(await local.fetch(request));
    check(document, request, reply, covered);
    return reply;
  };
  return {
    local,
    document,
    url: own?.url ?? null,
    covered,
    call,
    get: (path, options) => call("GET", path, undefined, options),
    post: (path, body, options) => call("POST", path, body, options),
    async account(credits) {
      const account = `account-${++accounts}`;
      await call("PUT", `/v1/accounts/${account}`, {});
      if (credits !== undefined)
        await call("POST", `/v1/accounts/${account}/grants`, { kind: "purchase", credits });
      return account;
    },
    async readState(account) {
      const at = `/v1/accounts/${encodeURIComponent(account)}`;
      const found = await call<Account>("GET", at);
      const entries = await call<{ entries: Entry[] }>("GET", `${at}/entries?limit=1000`);
      const grants = await call<{ grants: Grant[] }>("GET", `${at}/grants?limit=1000`);
      return { account: found.body, entries: entries.body.entries, grants: grants.body.grants };
    },
    async drop() {
      await local.close();
      await own?.drop();
    },
  };
}

/** A body that is sent as it is, whatever its type claims. */
export class Raw {
  constructor(readonly bytes: string | Uint8Array<ArrayBuffer>) {}
}

function toRequest(method: string, path: string, body: unknown, options: RequestOptions): Request {
  const { key, authorization = `Bearer ${SECRET}`, contentType = "application/json" } = options;
  const headers = new Headers(options.headers);
  if (authorization !== null) headers.set("authorization", authorization);
  if (key !== undefined) headers.set("idempotency-key", key);
  if (body === undefined) return new Request(`http://ledger.test${path}`, { method, headers });
  if (contentType !== null) headers.set("content-type", contentType);
  const sent = body instanceof Raw ? body.bytes : JSON.stringify(body);
  // A string would add a content type. Bytes do not.
  const bytes = typeof sent === "string" ? new TextEncoder().encode(sent) : sent;
  return new Request(`http://ledger.test${path}`, { method, headers, body: bytes });
}

async function readReply<Body>(response: Response): Promise<Reply<Body>> {
  const text = await response.text();
  const isJson = /json$/.test((response.headers.get("content-type") ?? "").split(";")[0] ?? "");
  const body = (isJson && text !== "" ? JSON.parse(text) : null) as Body;
  return { status: response.status, headers: response.headers, body, text };
}

/** Throws if a response is not one that the document promises. */
function check(document: Document, request: Request, reply: Reply<unknown>, covered: Set<string>): void {
  const { pathname } = new URL(request.url);
  const asked = `${request.method} ${pathname}`;
  if (reply.status >= 500) throw new Error(`${asked} returned ${reply.status}: ${reply.text}`);
  const type = (reply.headers.get("content-type") ?? "").split(";")[0] ?? "";
  if (reply.status >= 400) checkProblem(asked, reply, type);
  const route = findRoute(document, request.method, pathname);
  if (route === undefined) return;
  const promised = route.operation.responses[reply.status];
  if (promised === undefined) throw new Error(`${asked}: the document does not promise ${reply.status}`);
  if (promised.content === undefined) {
    if (reply.text !== "" || type !== "") throw new Error(`${asked}: the document does not promise a body`);
    return;
  }
  const media = promised.content[type];
  if (media === undefined)
    throw new Error(`${asked}: the document does not promise ${type} for ${reply.status}`);
  const found = faults(document, media.schema, reply.body);
  if (found.length > 0) throw new Error(`${asked} is not as documented: ${found.join("; ")}\n${reply.text}`);
  if (reply.status < 300) covered.add(`${route.method} ${route.path}`);
}

/** Throws if a response is not a problem document whose detail states the fault and the remedy. */
function checkProblem(asked: string, reply: Reply<unknown>, type: string): void {
  const problem = reply.body as Partial<Problem> | null;
  const isProblem =
    type === "application/problem+json" &&
    problem?.status === reply.status &&
    [problem.type, problem.title, problem.code].every((part) => (part ?? "") !== "") &&
    /^\S.*\. [A-Z].*\.$/s.test(problem.detail ?? "");
  if (!isProblem) throw new Error(`${asked} returned ${reply.status} without a problem: ${reply.text}`);
}
