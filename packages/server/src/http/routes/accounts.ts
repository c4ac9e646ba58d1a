import { formatInstant } from "../../ledger/instant.js";
import { TOKEN_SECONDS_DEFAULT } from "../../service/fields.js";
import type { App, Parts } from "../context.js";
import { createRoute, json, jsonBody, problems, READER, SECRET, serveRoute } from "../route.js";
import * as schema from "../schemas.js";
import { accountJson } from "../wire.js";

const put = createRoute({
  method: "put",
  path: "/v1/accounts/{account}",
  operationId: "putAccount",
  tags: ["Accounts"],
  summary: "Create an account or change its settings",
  description: "What is left out stays as it is.",
  security: SECRET,
  request: { params: schema.accountParam, body: jsonBody(schema.accountIn) },
  responses: {
    200: json("The account, changed", schema.accountOut),
    201: json("The account, created", schema.accountOut),
    ...problems(400, 401, 403, 413, 415, 503),
  },
});

const get = createRoute({
  method: "get",
  path: "/v1/accounts/{account}",
  operationId: "getAccount",
  tags: ["Accounts"],
  summary: "Read an account with its balance",
  security: READER,
  request: { params: schema.accountParam },
  responses: { 200: json("The account", schema.accountOut), ...problems(400, 401, 403, 404, 503) },
});

const createToken = createRoute({
  method: "post",
  path: "/v1/accounts/{account}/tokens",
  operationId: "createToken",
  tags: ["Accounts"],
  summary: "Make a read-only token for the page",
  description: "The token reads this account and nothing else. Give it to the account's own user.",
  security: SECRET,
  request: {
    params: schema.accountParam,
    body: { content: { "application/json": { schema: schema.tokenIn } } },
  },
  responses: { 201: json("The token", schema.tokenAnswer), ...problems(400, 401, 403, 404, 413, 415, 503) },
});

/** Accounts and their tokens. */
export function accountRoutes(app: App, { service, auth }: Parts): void {
  serveRoute(app, put, async ({ params, body }) => {
    const { overdraft_limit, time_zone, name, metadata } = body;
    const { account, created } = await service.putAccount(params.account, {
      ...(name === undefined ? {} : { name }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(time_zone === undefined ? {} : { timeZone: time_zone }),
      ...(overdraft_limit === undefined ? {} : { overdraftLimit: overdraft_limit }),
    });
    return { status: created ? 201 : 200, body: accountJson(account) };
  });

  serveRoute(app, get, async ({ params }) => ({
    status: 200,
    body: accountJson(await service.getAccount(params.account)),
  }));

  serveRoute(app, createToken, async ({ params, body }) => {
    const { account } = await service.getAccount(params.account);
    const seconds = body.expires_in ?? TOKEN_SECONDS_DEFAULT;
    const { token, expiresAt } = await auth.issue(account, seconds);
    return { status: 201, body: { token, expires_at: formatInstant(expiresAt) } };
  });
}
