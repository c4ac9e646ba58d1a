import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Service } from "../service/service.js";
import type { Auth, Caller } from "./auth.js";

/** What every request under /v1 carries: who is calling. */
export interface Env {
  Variables: { caller: Caller };
}

export type App = OpenAPIHono<Env>;

/** What the routes work on. */
export interface Parts {
  readonly service: Service;
  readonly auth: Auth;
}
