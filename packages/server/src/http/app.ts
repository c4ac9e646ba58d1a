import { LedgerError } from "@credit-activity/client";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { getPath } from "hono/utils/url";
import { toPublicError } from "../api/errors.js";
import type { Caller, Credentials } from "../auth/credentials.js";
import { createBodies } from "./bodies.js";
import { toDocument } from "./openapi.js";
import { respondWithError, respondWithProblem } from "./problems.js";
import { SECURE } from "./respond.js";
import { type App, addRoute, type MethodsByCaller, type Variables } from "./route.js";
import { accountRoutes } from "./routes/accounts.js";
import { commandRoutes } from "./routes/commands.js";
import { addDocumentRoute } from "./routes/document.js";
import { readRoutes } from "./routes/reads.js";
import { addUsageRoute, usageDocs } from "./routes/usage.js";

/** Lets pages on other origins read. Commands are not for browsers, and their preflights fail. */
const preflight = cors({
  origin: "*",
  allowMethods: ["GET"],
  allowHeaders: ["Authorization", "If-None-Match"],
  maxAge: 86_400,
});

const ROUTES = [...accountRoutes, ...commandRoutes, ...readRoutes];

export interface AppOptions {
  /** The path that the routes are under, such as "/api/credits". "" means none. */
  readonly basePath: string;
  readonly methods: MethodsByCaller;
  readonly credentials: Credentials;
  /** Returns the address by which wrong keys are limited, or null. */
  readonly toAddress: (c: Context) => string | null;
  /** Rejects when the database does not respond. */
  readonly ping: () => Promise<unknown>;
  /** Called with errors that nobody foresaw. */
  readonly onError: (error: unknown, request: { method: string; path: string }) => void;
}

/** The path of a request that is not under the base path. No route has it. */
const OUTSIDE = "";

/** Returns the path of a request, without the base path. */
function toPathWithin(basePath: string, request: Request): string {
  const path = getPath(request);
  if (basePath === "") return path;
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : OUTSIDE;
}

/** Makes the HTTP API of a ledger. */
export function createApp(options: AppOptions): App {
  const { basePath } = options;
  const app = new Hono<{ Variables: Variables }>({ getPath: (request) => toPathWithin(basePath, request) });
  app.onError((error, c) => respondToThrown(c, error, options));
  app.notFound((c) =>
    respondWithProblem(
      c,
      "not_found",
      c.req.path === OUTSIDE
        ? `${c.req.method} ${getPath(c.req.raw)} is not under the basePath "${basePath}". Correct the option basePath, or the URL.`
        : `${c.req.method} ${c.req.path} does not exist. See the OpenAPI document at ${basePath}/openapi.json.`,
    ),
  );
  app.get("/healthz", (c) => c.json({ status: "ok" }, 200, SECURE));
  app.get("/readyz", async (c) => {
    await options.ping();
    return c.json({ status: "ready" }, 200, SECURE);
  });
  addDocumentRoute(app, () => toDocument([...ROUTES, usageDocs]));
  app.use("/v1/*", createGate(options));
  const bodies = createBodies();
  for (const route of ROUTES) addRoute(app, options.methods, bodies, route);
  addUsageRoute(app, options.methods, bodies);
  return app;
}

/** Makes the gate of every request under /v1. It is one middleware, because each costs a round of promises. */
function createGate(options: AppOptions): MiddlewareHandler<{ Variables: Variables }> {
  return async (c, next) => {
    if (c.req.method === "OPTIONS") return preflight(c, next);
    const caller = await authenticate(c, options);
    if (caller instanceof Response) return caller;
    const malformed = refuseMalformed(c);
    if (malformed !== null) return malformed;
    c.set("caller", caller);
    return next();
  };
}

/** Returns the caller, or refuses it: a secret key may do all, an account token reads its account. */
async function authenticate(c: Context, { credentials, toAddress }: AppOptions): Promise<Caller | Response> {
  const credential = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (credential === undefined) {
    return respondWithProblem(
      c,
      "unauthorized",
      "The credential is missing. Send the header Authorization: Bearer, with a secret key or an account token.",
    );
  }
  const caller = await credentials.identify(credential, toAddress(c));
  if ("problem" in caller) return respondWithProblem(c, caller.code, caller.problem);
  if (caller.type === "reader" && !mayRead(c, caller.account)) {
    const detail = "The account token only reads its own account. Use a secret key on a server for all else.";
    return respondWithProblem(c, "forbidden", detail);
  }
  return caller;
}

/**
 * Refuses paths whose percent-encoding is not that of UTF-8. They would be taken literally, and so for another account
 * than the caller means.
 */
function refuseMalformed(c: Context): Response | null {
  if (!c.req.url.includes("%")) return null;
  try {
    decodeURIComponent(new URL(c.req.url).pathname);
    return null;
  } catch {
    const message = "is not percent-encoded UTF-8. Encode it with encodeURIComponent";
    return respondWithProblem(c, "bad_request", `The path ${message}.`, { errors: [{ path: "", message }] });
  }
}

/** True if a request reads something of an account. The path is compared as the routes decode it. */
function mayRead(c: Context, account: string): boolean {
  if (c.req.method !== "GET" && c.req.method !== "HEAD") return false;
  const encoded = /^\/v1\/accounts\/([^/]+)(?:\/|$)/.exec(c.req.path)?.[1];
  if (encoded === undefined) return false;
  try {
    return decodeURIComponent(encoded) === account;
  } catch {
    return false;
  }
}

function respondToThrown(c: Context, thrown: unknown, { onError }: AppOptions): Response {
  const error = toPublicError(thrown);
  if (error instanceof LedgerError && error.code !== "internal") return respondWithError(c, error);
  if (error instanceof HTTPException && error.status === 415) {
    const detail = "The media type is not JSON in UTF-8. Send the body with Content-Type: application/json.";
    return respondWithProblem(c, "unsupported_media_type", detail);
  }
  onError(error instanceof LedgerError ? error.cause : error, { method: c.req.method, path: c.req.path });
  return respondWithProblem(
    c,
    "internal",
    "The server failed and has logged the error. Send the request again.",
  );
}
