import type { Account, Entry, Grant, Hold, Problem } from "@credit-activity/client";
import { inject } from "vitest";
import { createDatabase } from "../../../../tools/postgres.js";
import { type Credits, createCredits } from "../../src/create-credits.js";
import type { Instant } from "../../src/ledger/instant.js";
import type { Engine } from "../databases.js";
import { type Document, faults, routeOf } from "./openapi-schema.js";

/** The secret key tests call with. */
export const SECRET = "secret-of-the-tests";

/** How a request differs from the usual one. */
export interface CallOptions {
  readonly key?: string;
  /** The whole Authorization header; null for none. The tests' secret key when left out. */
  readonly authorization?: string | null;
  readonly contentType?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

export type EntryAnswer = { readonly entry: Entry };
export type HoldAnswer = { readonly hold: Hold };

/** A ledger with its HTTP handler. Each answer is held against the OpenAPI document that the ledger serves. */
export interface TestLedger {
  readonly credits: Credits;
  readonly document: Document;
  /** The database's URL; null for the embedded one. */
  readonly url: string | null;
  /** The operations that have answered well, as "METHOD /path". */
  readonly covered: ReadonlySet<string>;
  call<Body = Problem>(
    method: string,
    path: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<Answer<Body>>;
  get<Body = Problem>(path: string, options?: CallOptions): Promise<Answer<Body>>;
  post<Body = Problem>(path: string, body: unknown, options?: CallOptions): Promise<Answer<Body>>;
  /** A new account, with these credits granted; returns its id. */
  account(credits?: string): Promise<string>;
  /** All that can be read of an account, to see that nothing moved. */
  stateOf(account: string): Promise<AccountState>;
  drop(): Promise<void>;
}

export interface AccountState {
  readonly account: Account;
  readonly entries: readonly Entry[];
  readonly grants: readonly Grant[];
}

export interface LedgerOptions {
  readonly engine: Engine;
  readonly now?: () => Instant;
}

/** Opens a ledger on a database of its own. */
export async function openLedger({ engine, now }: LedgerOptions): Promise<TestLedger> {
  const own = engine === "postgres" ? await createDatabase(inject("databaseUrl"), "http") : null;
  const credits = await createCredits({
    database: own === null ? {} : { url: own.url },
    secretKeys: [SECRET],
    ...(now === undefined ? {} : { now }),
  });
  const served = await credits.fetch(new Request("http://ledger.test/openapi.json"));
  const document = (await served.json()) as Document;
  const covered = new Set<string>();
  let accounts = 0;

  const call: TestLedger["call"] = async <Body>(
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ) => {
    const request = requestOf(method, path, body, options);
    const answer = await readAnswer<Body>(await credits.fetch(request));
    check(document, request, answer, covered);
    return answer;
  };
  const ledger: TestLedger = {
    credits,
    document,
    url: own?.url ?? null,
    covered,
    call,
    get: (path, options) => call("GET", path, undefined, options),
    post: (path, body, options) => call("POST", path, body, options),
    async account(amount) {
      const account = `account-${++accounts}`;
      await call("PUT", `/v1/accounts/${account}`, {});
      if (amount !== undefined) {
        await call("POST", `/v1/accounts/${account}/grants`, { kind: "purchase", credits: amount });
      }
      return account;
    },
    async stateOf(account) {
      const at = `/v1/accounts/${encodeURIComponent(account)}`;
      const found = await call<Account>("GET", at);
      const entries = await call<{ entries: Entry[] }>("GET", `${at}/entries?limit=1000`);
      const grants = await call<{ grants: Grant[] }>("GET", `${at}/grants?limit=1000`);
      return { account: found.body, entries: entries.body.entries, grants: grants.body.grants };
    },
    async drop() {
      await credits.close();
      await own?.drop();
    },
  };
  return ledger;
}

/** A body that is sent as it is, whatever it says it is. */
export class Raw {
  constructor(readonly bytes: string | Uint8Array<ArrayBuffer>) {}
}

function requestOf(method: string, path: string, body: unknown, options: CallOptions): Request {
  const { key, authorization = `Bearer ${SECRET}`, contentType = "application/json" } = options;
  const headers = new Headers(options.headers);
  if (authorization !== null) headers.set("authorization", authorization);
  if (key !== undefined) headers.set("idempotency-key", key);
  if (body === undefined) return new Request(`http://ledger.test${path}`, { method, headers });
  if (contentType !== null) headers.set("content-type", contentType);
  const sent = body instanceof Raw ? body.bytes : JSON.stringify(body);
  // A text would bring a content type of its own; bytes do not.
  const bytes = typeof sent === "string" ? new TextEncoder().encode(sent) : sent;
  return new Request(`http://ledger.test${path}`, { method, headers, body: bytes });
}

async function readAnswer<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text();
  const isJson = /json$/.test((response.headers.get("content-type") ?? "").split(";")[0] ?? "");
  const body = (isJson && text !== "" ? JSON.parse(text) : null) as Body;
  return { status: response.status, headers: response.headers, body, text };
}

/** Throws when an answer is not one that the document promises. */
function check(document: Document, request: Request, answer: Answer<unknown>, covered: Set<string>): void {
  const { pathname } = new URL(request.url);
  const asked = `${request.method} ${pathname}`;
  if (answer.status >= 500) throw new Error(`${asked} answered ${answer.status}: ${answer.text}`);
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
  if (answer.status >= 400) checkProblem(asked, answer, type);
  const route = routeOf(document, request.method, pathname);
  if (route === undefined) return;
  const promised = route.operation.responses[answer.status];
  if (promised === undefined) throw new Error(`${asked}: the document promises no ${answer.status}`);
  if (promised.content === undefined) {
    if (answer.text !== "" || type !== "") throw new Error(`${asked}: the document promises no body`);
    return;
  }
  const media = promised.content[type];
  if (media === undefined) throw new Error(`${asked}: the document promises no ${type} for ${answer.status}`);
  const found = faults(document, media.schema, answer.body);
  if (found.length > 0) throw new Error(`${asked} is not as documented: ${found.join("; ")}\n${answer.text}`);
  if (answer.status < 300) covered.add(`${route.method} ${route.path}`);
}

function checkProblem(asked: string, answer: Answer<unknown>, type: string): void {
  const problem = answer.body as Partial<Problem> | null;
  const isProblem =
    type === "application/problem+json" &&
    problem?.status === answer.status &&
    [problem.type, problem.title, problem.detail, problem.code].every((part) => (part ?? "") !== "");
  if (!isProblem) throw new Error(`${asked} answered ${answer.status} without a problem: ${answer.text}`);
}
