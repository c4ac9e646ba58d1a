import { createRoute } from "@hono/zod-openapi";
import type { z } from "zod";
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
