import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { check } from "../service/inputs.js";
import { answerCommand, answerReader } from "./answer.js";
import type { App } from "./context.js";
import { problemOut } from "./schemas.js";

const problemContent = { "application/problem+json": { schema: problemOut } };

/** The refusals that a route can answer with, as the reference shows them. */
export function problems(...statuses: readonly number[]) {
  const meaning: Record<number, string> = {
    400: "The request is not well formed",
    401: "No valid credential",
    402: "Not enough credits",
    403: "The credential does not allow this",
    404: "No such thing",
    409: "The key was used for another command, or the hold is closed",
    413: "The request is too large",
    415: "The media type is not supported",
    422: "The ledger can't do this",
    503: "Busy, or the database can't be reached; try again",
  };
  return Object.fromEntries(
    statuses.map((status) => [status, { description: meaning[status] as string, content: problemContent }]),
  );
}

/** A JSON body that has to be there. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

/** An answer of JSON. */
export function json<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { "application/json": { schema } } } as const;
}

/** The security of routes that only secret keys may call, and of those that account tokens may read too. */
export const SECRET = [{ secretKey: [] }];
export const READER = [{ secretKey: [] }, { accountToken: [] }];

export { createRoute };

type Output<S> = S extends z.ZodType ? z.output<S> : undefined;
type JsonOf<B> = B extends { content: { "application/json": { schema: infer S } } } ? S : never;

/** What a request carries, checked by the schemas of its route. */
export interface Checked<R extends RouteConfig> {
  readonly params: Output<NonNullable<R["request"]>["params"]>;
  readonly query: Output<NonNullable<R["request"]>["query"]>;
  readonly headers: Output<NonNullable<R["request"]>["headers"]>;
  readonly body: Output<JsonOf<NonNullable<R["request"]>["body"]>>;
}

/** A status that a route answers with when all is well, and the JSON that goes with it. */
export type Answer<R extends RouteConfig> = {
  [S in 200 | 201]: R["responses"] extends Record<S, infer B>
    ? { readonly status: S; readonly body: z.input<Extract<JsonOf<B>, z.ZodType>> }
    : never;
}[200 | 201];

/**
 * Puts a route into the app and into the document. Its request is checked here at one go: the library's own validators
 * are a middleware for each part, parse asynchronously (which zod does without its compiled checks) and copy all headers
 * to read one, and together cost a request as much as everything else.
 */
export function serveRoute<R extends RouteConfig>(
  app: App,
  route: R,
  handle: (request: Checked<R>) => Promise<Answer<R>>,
): void {
  const isReading = route.method === "get";
  app.openAPIRegistry.registerPath(isReading ? revalidated(route) : route);
  const { params, query, headers, body } = route.request ?? {};
  const names = headers === undefined ? [] : Object.keys((headers as z.ZodObject).shape);
  const media = body?.content["application/json"] as { schema: z.ZodType } | undefined;
  app.on(route.method, route.path.replaceAll(/\{(.+?)\}/g, ":$1"), async (c) => {
    const checked = {
      query: query && check(query, queryOf(c)),
      params: params && check(params, c.req.param()),
      headers: headers && check(headers as z.ZodType, headersOf(c, names)),
      body: media && (await bodyOf(c, media.schema, body?.required === true)),
    };
    const answer = await handle(checked as Checked<R>);
    return isReading ? answerReader(c, answer.body) : answerCommand(answer.status, answer.body);
  });
}

/** What the document says of a route that reads: its answers carry an ETag, and 304 comes of sending it back. */
function revalidated(route: RouteConfig): RouteConfig {
  const headers = {
    ETag: { description: "Stands for this very answer.", schema: { type: "string" as const } },
  };
  return {
    ...route,
    request: { ...route.request, headers: ifNoneMatch },
    responses: {
      ...route.responses,
      200: { ...(route.responses[200] as { description: string }), headers },
      304: { description: "The answer with one of these ETags still holds", headers },
    },
  };
}

const ifNoneMatch = z.object({
  "if-none-match": z.string().optional().openapi({
    description:
      "The ETag of an answer to the same request. While that holds, the answer is 304 without a body.",
  }),
});

/** The query as texts, and as lists of texts where a name is repeated, which no schema takes. */
function queryOf(c: Context): unknown {
  const entries = Object.entries(c.req.queries());
  return Object.fromEntries(
    entries.map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

function headersOf(c: Context, names: readonly string[]): unknown {
  const headers: Record<string, string | undefined> = {};
  for (const name of names) headers[name] = c.req.header(name);
  return headers;
}

const JSON_TYPE = /^application\/([a-z-.]+\+)?json(;\s*[a-z0-9-]+=([^;]+))*$/i;

/** The JSON body. One that need not be there is taken for `{}` when it is not; its type is then not needed either. */
async function bodyOf(c: Context, schema: z.ZodType, isRequired: boolean): Promise<unknown> {
  const type = c.req.header("content-type") ?? "";
  if (type !== "application/json" && !JSON_TYPE.test(type)) {
    const isMissing = type === "" && (await c.req.arrayBuffer()).byteLength === 0;
    if (!isMissing) throw new HTTPException(415);
    return isRequired ? check(schema, {}) : {};
  }
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch (error) {
    throw new HTTPException(400, { message: (error as Error).message });
  }
  return check(schema, body);
}
