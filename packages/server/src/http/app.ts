import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import type { Auth } from "./auth.js";
import type { App, Parts } from "./context.js";
import { documentOf } from "./document.js";
import { invalidRequest, problem, problemOf } from "./problems.js";
import { accountRoutes } from "./routes/accounts.js";
import { commandRoutes } from "./routes/commands.js";
import { docsRoutes } from "./routes/docs.js";
import { listRoutes } from "./routes/lists.js";
import { usageRoutes } from "./routes/usage.js";

/** How large a request may be, in bytes: 10,000 usage events of some 1.6 kB each. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** Lets pages on other origins read. Commands are not for browsers, and their preflights fail. */
const preflight = cors({
  origin: "*",
  allowMethods: ["GET"],
  allowHeaders: ["Authorization", "If-None-Match"],
  maxAge: 86_400,
});

export interface AppOptions extends Parts {
  /** Told of errors nobody foresaw. */
  readonly onError: (error: unknown, request: { method: string; path: string }) => void;
}

/** The HTTP face of the ledger. */
export function createApp(options: AppOptions): App {
  const app = new OpenAPIHono();
  app.onError((error, c) => answerError(c, error, options));
  app.notFound((c) =>
    problem(c, "not_found", `There is no ${c.req.method} ${c.req.path}. The reference is at /docs.`),
  );
  healthRoutes(app, options);
  docsRoutes(app, () => documentOf(app));
  app.use("/v1/*", gateOf(options));
  accountRoutes(app, options);
  commandRoutes(app, options);
  usageRoutes(app, options);
  listRoutes(app, options);
  return app;
}

function healthRoutes(app: App, { service }: Parts): void {
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    await service.ping();
    return c.json({ status: "ready" });
  });
}

/**
 * What every request under /v1 passes. It is one middleware, for each of them costs every request a round of promises.
 */
function gateOf({ auth }: Parts): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: BODY_BYTES_MAX,
    onError: (c) =>
      problem(c, "payload_too_large", `A request is at most ${BODY_BYTES_MAX} bytes. Send several.`),
  });
  return async (c, next) => {
    if (c.req.method === "OPTIONS") return preflight(c, next);
    const refusal = (await authenticate(c, auth)) ?? wellFormed(c);
    if (refusal !== null) return refusal;
    return saysItFits(c) ? next() : limit(c, next);
  };
}

/** Refuses a request whose credential does not allow it: a secret key may all, an account token reads its account. */
async function authenticate(c: Context, auth: Auth): Promise<Response | null> {
  const credential = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (credential === undefined) {
    return problem(
      c,
      "unauthorized",
      "Send the header Authorization: Bearer, with a secret key or an account token.",
    );
  }
  const caller = await auth.identify(credential);
  if ("problem" in caller) return problem(c, "unauthorized", caller.problem);
  if (caller.type === "reader" && !mayRead(c, caller.account)) {
    return problem(c, "forbidden", "An account token reads its own account and nothing else.");
  }
  return null;
}

/**
 * Refuses addresses whose percent-encoding is not that of UTF-8 text. They would be taken literally, and so for another
 * account than the caller means.
 */
function wellFormed(c: Context): Response | null {
  if (!c.req.url.includes("%")) return null;
  try {
    decodeURIComponent(new URL(c.req.url).pathname);
    return null;
  } catch {
    return invalidRequest(c, [{ path: "", message: "The address is not percent-encoded UTF-8" }]);
  }
}

/**
 * Whether a request has no body, or says how long it is and is small enough: HTTP lets no more than that through. All
 * others are counted as they arrive, for which the middleware has to make a stream of the body.
 */
function saysItFits(c: Context): boolean {
  if (c.req.method === "GET" || c.req.method === "HEAD") return true;
  const length = c.req.header("content-length") ?? "";
  return (
    /^\d{1,15}$/.test(length) &&
    Number(length) <= BODY_BYTES_MAX &&
    c.req.header("transfer-encoding") === undefined
  );
}

/** Whether a request reads something of an account. The path is compared as the routes will decode it. */
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

function answerError(c: Context, error: unknown, { onError }: AppOptions): Response {
  const known = problemOf(c, error);
  if (known !== null) return known;
  if (error instanceof HTTPException) return answerException(c, error);
  onError(error, { method: c.req.method, path: c.req.path });
  return problem(c, "internal", "The server met an error it did not expect, and has logged it.");
}

/** What is thrown for bodies that can't be read. */
function answerException(c: Context, error: HTTPException): Response {
  if (error.status === 415) {
    return problem(
      c,
      "unsupported_media_type",
      "Send the body as JSON, with Content-Type: application/json.",
    );
  }
  if (error.status === 413) return problem(c, "payload_too_large", "The request is too large.");
  return invalidRequest(c, [{ path: "", message: `The body is not JSON: ${error.message}` }]);
}
