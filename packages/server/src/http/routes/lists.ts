import type { Entry } from "../../ledger/entry.js";
import type { Slice } from "../../service/service.js";
import type { App, Parts } from "../context.js";
import { createRoute, json, problems, READER, serveRoute } from "../route.js";
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
  serveRoute(app, activity, async ({ params, query }) => {
    const { per_page, as_of, ...rest } = query;
    const page = await service.activity(params.account, { ...rest, perPage: per_page, asOf: as_of ?? null });
    return { status: 200, body: activityJson(page) };
  });

  serveRoute(app, activityEntries, async ({ params, query }) => {
    const { account, position } = params;
    const found = await service.activityEntries(account, position, sliceOf(query));
    return { status: 200, body: entriesJson(found) };
  });

  serveRoute(app, entries, async ({ params, query }) => {
    const found = await service.entries(params.account, { ...sliceOf(query), order: query.order });
    return { status: 200, body: entriesJson(found) };
  });

  serveRoute(app, grants, async ({ params, query }) => {
    const found = await service.grants(params.account, sliceOf(query));
    return { status: 200, body: { grants: found.items.map(grantJson), next_cursor: found.nextCursor } };
  });
}

const sliceOf = ({ cursor, limit }: { cursor?: string | undefined; limit: number }) => ({
  cursor: cursor ?? null,
  limit,
});
const entriesJson = (found: Slice<Entry>) => ({
  entries: found.items.map(entryJson),
  next_cursor: found.nextCursor,
});
