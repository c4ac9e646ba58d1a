import * as request from "../../api/requests.js";
import * as result from "../../api/results.js";
import type { Route } from "../route.js";

/** The routes of accounts and their tokens. */
export const accountRoutes: readonly Route[] = [
  {
    method: "get",
    path: "/v1/accounts",
    operationId: "accounts",
    tag: "Accounts",
    summary: "List the accounts in the order of their ids",
    isSecret: true,
    query: request.accountsQuery,
    responses: { 200: ["The accounts", result.accountList] },
    problems: [400, 401, 403, 503],
    handle: async ({ methods, query }) => ({ status: 200, body: await methods.accounts(query) }),
  },
  {
    method: "put",
    path: "/v1/accounts/{account}",
    operationId: "putAccount",
    tag: "Accounts",
    summary: "Create an account or change its settings",
    description: "Settings that are left out stay as they are.",
    body: { isRequired: true, content: { "application/json": request.accountSettings } },
    responses: {
      200: ["The account, changed", result.account],
      201: ["The account, created", result.account],
    },
    // The ids "." and ".." are dropped from URLs, and nothing is at the path that is left.
    problems: [400, 401, 403, 404, 409, 413, 415, 503],
    async handle({ methods, account, body }) {
      const put = await methods.putAccountCreated(account, body);
      return { status: put.created ? 201 : 200, body: put.account };
    },
  },
  {
    method: "get",
    path: "/v1/accounts/{account}",
    operationId: "getAccount",
    tag: "Accounts",
    summary: "Read an account with its balance",
    responses: { 200: ["The account", result.account] },
    problems: [400, 401, 403, 404, 503],
    handle: async ({ methods, account }) => ({ status: 200, body: await methods.getAccount(account) }),
  },
  {
    method: "post",
    path: "/v1/accounts/{account}/tokens",
    operationId: "createToken",
    tag: "Accounts",
    summary: "Create a read-only token for the page",
    description: "The token reads this account and nothing else. Give it to the account's own user.",
    body: { isRequired: false, content: { "application/json": request.tokenInput } },
    responses: { 201: ["The token", result.token] },
    problems: [400, 401, 403, 404, 413, 415, 503],
    handle: async ({ methods, account, body }) => ({
      status: 201,
      body: await methods.createToken(account, body),
    }),
  },
];
