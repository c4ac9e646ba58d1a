import type { Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import { check, checkValue, toInvalid } from "../api/inputs.js";
import type { Methods } from "../api/methods.js";
import type { Caller } from "../auth/credentials.js";
import { UNDECIDED, withDecoder } from "../core/codec.js";
import * as field from "../core/fields.js";
import { type Bodies, COMMAND_BYTES_MAX } from "./bodies.js";
import { parseJson } from "./json.js";
import { respondToCommand, respondToRead } from "./respond.js";

/** The variables of a request. */
export interface Variables {
  caller: Caller;
}

export type App = Hono<{ Variables: Variables }>;

/** The methods by who calls: account tokens don't see private facts. */
export interface MethodsByCaller {
  readonly secret: Methods;
  readonly reader: Methods;
}

/** The documentation of a route. */
export interface RouteDocs {
  readonly method: "get" | "post" | "put";
  /** The path with names in braces, such as `/v1/accounts/{account}`. */
  readonly path: string;
  /** The method of the `Ledger` interface. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  /** True if account tokens may not call it. A token never calls what is not a read. */
  readonly isSecret?: boolean;
  /** True if it takes an Idempotency-Key. */
  readonly hasKey?: boolean;
  /** The schema of the body by media type. */
  readonly body?: { readonly isRequired: boolean; readonly content: Readonly<Record<string, z.ZodType>> };
  /** The description and schema of each response that is not a problem. */
  readonly responses: Readonly<Record<number, readonly [description: string, schema: z.ZodType]>>;
  /** The statuses of its problems. */
  readonly problems: readonly number[];
}

/** A request in its parts. */
export interface Parts {
  readonly methods: Methods;
  readonly account: string;
  readonly hold: string;
  readonly position: number;
  readonly seq: number;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: never;
  readonly key: { readonly key: string } | undefined;
}

/** A route with what handles it. */
export interface Route extends RouteDocs {
  handle(parts: Parts): Promise<{ readonly status: 200 | 201; readonly body: object }>;
}

/** The parameters of paths. */
export const PATH_PARAMS: Readonly<Record<string, z.ZodType>> = {
  account: field.accountId,
  hold: field.holdId,
  position: field.seq,
  seq: field.seq,
};

const KEY = /^[\x20-\x7e]{1,255}$/;

/** An idempotency key in a header. */
export const keyHeader = withDecoder(
  z.string().regex(KEY, "is not 1 to 255 printable ASCII characters. Use another key"),
  (value) => (typeof value === "string" && KEY.test(value) ? value : UNDECIDED),
);

/** Adds a route to the app. Its method checks what it is given, so the route only takes the request apart. */
export function addRoute(app: App, methods: MethodsByCaller, bodies: Bodies, route: Route): void {
  const isRead = route.method === "get";
  app.on(route.method, route.path.replaceAll(/\{(.+?)\}/g, ":$1"), async (c) => {
    const key = route.hasKey ? c.req.header("idempotency-key") : undefined;
    const parts: Parts = {
      methods: methods[c.get("caller").type],
      account: c.req.param("account") ?? "",
      hold: c.req.param("hold") ?? "",
      position: toNumber(c.req.param("position") ?? "0"),
      seq: toNumber(c.req.param("seq") ?? "0"),
      query: toQuery(c, route.query),
      body: (route.body === undefined
        ? undefined
        : await readBody(c, bodies, route.body.isRequired)) as never,
      key: key === undefined ? undefined : { key: checkValue(keyHeader, "idempotency-key", key) },
    };
    const { status, body } = await route.handle(parts);
    return isRead ? respondToRead(c, body) : respondToCommand(status, body);
  });
}

const NO_PARAMETERS = z.strictObject({});
const NO_QUERY = Object.freeze({});

/**
 * Returns the query with numbers for those parameters that are numbers, as a caller of the method would give it. Unknown and
 * repeated parameters are refused.
 */
export function toQuery(c: Context, schema: z.ZodObject = NO_PARAMETERS): Readonly<Record<string, unknown>> {
  if (!c.req.url.includes("?")) return NO_QUERY;
  const query = new Map<string, unknown>();
  for (const [name, value] of new URL(c.req.url).searchParams) {
    if (query.has(name)) throw toInvalid([{ path: name, message: "is given more than once. Give it once" }]);
    query.set(name, isInteger(schema.shape[name]) ? toNumber(value) : value);
  }
  const given = Object.fromEntries(query);
  check(schema, given);
  return given;
}

/** True if the schema of a parameter takes whole numbers. */
function isInteger(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return isInteger(schema.unwrap());
  return schema instanceof z.ZodNumber;
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Returns the number that a string stands for, or the string, which no schema of a number takes. */
function toNumber(value: string): number {
  return NUMBER.test(value) ? Number(value) : (value as never);
}

const JSON_TYPE = /^application\/([a-z-.]+\+)?json(;\s*[a-z0-9-]+=([^;]+))*$/i;

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/**
 * Refuses a body in another encoding than UTF-8, which JSON has to have (RFC 8259, section 8.1).
 *
 * @throws HTTPException with the status 415
 */
export function requireUtf8(contentType: string): void {
  const charset = CHARSET.exec(contentType)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw new HTTPException(415);
}

/** Reads the JSON body. One that may be absent is `{}` then, and its type is not needed either. */
async function readBody(c: Context, bodies: Bodies, isRequired: boolean): Promise<unknown> {
  const type = c.req.header("content-type") ?? "";
  requireUtf8(type);
  const isJson = type === "application/json" || JSON_TYPE.test(type);
  if (!isJson && type !== "") throw new HTTPException(415);
  const { text, release } = await bodies.read(c, COMMAND_BYTES_MAX);
  try {
    if (isJson) return parseJson(text);
    if (text !== "") throw new HTTPException(415);
    return isRequired ? undefined : {};
  } finally {
    release();
  }
}
