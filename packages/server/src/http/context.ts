import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Service } from "../service/service.js";
import type { Auth } from "./auth.js";

export type App = OpenAPIHono;

/** What the routes work on. */
export interface Parts {
  readonly service: Service;
  readonly auth: Auth;
}
