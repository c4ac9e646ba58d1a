import * as request from "../../api/requests.js";
import * as result from "../../api/results.js";
import type { Route } from "../route.js";

const PROBLEMS = [400, 401, 403, 404, 503];

/** The routes of what account tokens may read too. */
export const readRoutes: readonly Route[] = [
  {
    method: "get",
    path: "/v1/accounts/{account}/activity",
    operationId: "activity",
    tag: "Reading",
    summary: "Read a page of an account's activity",
    description:
      "The newest rows come first. Send the asOf of the first page with the later pages: rows that arrive meanwhile then do not shift what is shown.",
    query: request.activityQuery,
    responses: { 200: ["The page", result.activityPage] },
    problems: PROBLEMS,
    handle: async ({ methods, account, query }) => ({
      status: 200,
      body: await methods.activity(account, query),
    }),
  },
  {
    method: "get",
    path: "/v1/accounts/{account}/activity/{position}/entries",
    operationId: "activityEntries",
    tag: "Reading",
    summary: "List the entries of a row, the oldest first",
    query: request.listQuery,
    responses: { 200: ["The entries", result.entryList] },
    problems: PROBLEMS,
    handle: async ({ methods, account, position, query }) => ({
      status: 200,
      body: await methods.activityEntries(account, position, query),
    }),
  },
  {
    method: "get",
    path: "/v1/accounts/{account}/entries",
    operationId: "entries",
    tag: "Reading",
    summary: "List the ledger's entries, the newest first",
    query: request.entriesQuery,
    responses: { 200: ["The entries", result.entryList] },
    problems: PROBLEMS,
    handle: async ({ methods, account, query }) => ({
      status: 200,
      body: await methods.entries(account, query),
    }),
  },
  {
    method: "get",
    path: "/v1/accounts/{account}/grants",
    operationId: "grants",
    tag: "Reading",
    summary: "List the grants and what remains of them, the newest first",
    query: request.listQuery,
    responses: { 200: ["The grants", result.grantList] },
    problems: PROBLEMS,
    handle: async ({ methods, account, query }) => ({
      status: 200,
      body: await methods.grants(account, query),
    }),
  },
];
