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
    description:
      "With kind, source, project, member or task, one request looks at 10,000 entries. A part may then have few entries or none, and still a nextCursor.",
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
  {
    method: "get",
    path: "/v1/accounts/{account}/entries/{seq}",
    operationId: "getEntry",
    tag: "Reading",
    summary: "Read an entry",
    responses: { 200: ["The entry", result.entry] },
    problems: PROBLEMS,
    handle: async ({ methods, account, seq }) => ({
      status: 200,
      body: await methods.getEntry(account, seq),
    }),
  },
  {
    method: "get",
    path: "/v1/accounts/{account}/holds",
    operationId: "holds",
    tag: "Holds",
    summary: "List the holds, the newest first",
    query: request.holdsQuery,
    responses: { 200: ["The holds", result.holdList] },
    problems: PROBLEMS,
    handle: async ({ methods, account, query }) => ({
      status: 200,
      body: await methods.holds(account, query),
    }),
  },
  {
    method: "get",
    path: "/v1/accounts/{account}/holds/{hold}",
    operationId: "getHold",
    tag: "Holds",
    summary: "Read a hold",
    responses: { 200: ["The hold", result.hold] },
    problems: PROBLEMS,
    handle: async ({ methods, account, hold }) => ({
      status: 200,
      body: await methods.getHold(account, hold),
    }),
  },
  {
    method: "get",
    path: "/v1/accounts/{account}/balance",
    operationId: "balance",
    tag: "Reading",
    summary: "Read the balance at a time, or after an entry",
    description:
      "The time is that of recording. An expiry that was posted late counts from when it was posted.",
    query: request.balanceQuery,
    responses: { 200: ["The balance", result.balance] },
    problems: PROBLEMS,
    handle: async ({ methods, account, query }) => ({
      status: 200,
      body: await methods.balance(account, query),
    }),
  },
  {
    method: "get",
    path: "/v1/accounts/{account}/totals",
    operationId: "totals",
    tag: "Reading",
    summary: "Add up the credits of a span by day, kind, source, project or member",
    description:
      "Days come in their order, and other totals in the order of their keys. A part by day covers as many days as its limit, of which those without entries are left out. A span of more than 100,000 activity rows is refused.",
    query: request.totalsQuery,
    responses: { 200: ["The totals", result.totals] },
    problems: PROBLEMS,
    handle: async ({ methods, account, query }) => ({
      status: 200,
      body: await methods.totals(account, query as never),
    }),
  },
];
