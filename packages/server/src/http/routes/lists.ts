import type { App, Parts } from "../context.js";
import { createRoute, json, problems, READER } from "../route.js";
import * as schema from "../schemas.js";
import { activityJson, entryJson, grantJson } from "../wire.js";

const readProblems = problems(400, 401, 403, 404, 503);

const activity = createRoute({
  method: "get",
  path: "/v1/accounts/{account}/activity",
  operationId: "activity",
  tags: ["Reading"],
  summary: "Read a page of an account's activity",
  description:
    "The newest rows come first. Send the as_of of the first page with the pages after it: rows that arrive meanwhile then do not shift what is shown.",
  security: READER,
  request: { params: schema.accountParam, query: schema.activityQuery },
  responses: { 200: json("The page", schema.activityOut), ...readProblems },
});

const activityEntries = createRoute({
  method: "get",
  path: "/v1/accounts/{account}/activity/{position}/entries",
  operationId: "activityEntries",
  tags: ["Reading"],
  summary: "List the entries behind a row, the oldest first",
  security: READER,
  request: { params: schema.positionParam, query: schema.listQuery },
  responses: { 200: json("The entries", schema.entriesOut), ...readProblems },
});

const entries = createRoute({
  method: "get",
  path: "/v1/accounts/{account}/entries",
  operationId: "entries",
  tags: ["Reading"],
  summary: "List the ledger's entries, the newest first",
  security: READER,
  request: { params: schema.accountParam, query: schema.entriesQuery },
  responses: { 200: json("The entries", schema.entriesOut), ...readProblems },
});

const grants = createRoute({
  method: "get",
  path: "/v1/accounts/{account}/grants",
  operationId: "grants",
  tags: ["Reading"],
  summary: "List the grants and what remains of them, the newest first",
  security: READER,
  request: { params: schema.accountParam, query: schema.listQuery },
  responses: { 200: json("The grants", schema.grantsOut), ...readProblems },
});

/** What a reader may see of an account. */
export function listRoutes(app: App, { service }: Parts): void {
  app.openapi(activity, async (c) => {
    const { filter, page, per_page, as_of } = c.req.valid("query");
    const query = { filter, page, perPage: per_page, asOf: as_of ?? null };
    return c.json(activityJson(await service.activity(c.req.valid("param").account, query)), 200);
  });

  app.openapi(activityEntries, async (c) => {
    const { account, position } = c.req.valid("param");
    const { cursor, limit } = c.req.valid("query");
    const found = await service.activityEntries(account, position, { cursor: cursor ?? null, limit });
    return c.json({ entries: found.items.map(entryJson), next_cursor: found.nextCursor }, 200);
  });

  app.openapi(entries, async (c) => {
    const { cursor, limit, order } = c.req.valid("query");
    const query = { cursor: cursor ?? null, limit, order };
    const found = await service.entries(c.req.valid("param").account, query);
    return c.json({ entries: found.items.map(entryJson), next_cursor: found.nextCursor }, 200);
  });

  app.openapi(grants, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const query = { cursor: cursor ?? null, limit };
    const found = await service.grants(c.req.valid("param").account, query);
    return c.json({ grants: found.items.map(grantJson), next_cursor: found.nextCursor }, 200);
  });
}
