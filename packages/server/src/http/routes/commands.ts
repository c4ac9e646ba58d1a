import { randomUUID } from "node:crypto";
import type { z } from "zod";
import * as commands from "../../service/commands.js";
import type { EntryAnswer, HoldAnswer } from "../../service/service.js";
import type { App, Parts } from "../context.js";
import { createRoute, json, jsonBody, problems, SECRET } from "../route.js";
import * as schema from "../schemas.js";
import { entryJson, holdJson } from "../wire.js";

/** The route of a command on an account. Its id is the name of the method in the library and the client. */
function command<S extends z.ZodType, P extends `/${string}`>(
  operationId: string,
  path: P,
  tag: string,
  summary: string,
  body: S,
  description = "",
) {
  return {
    method: "post" as const,
    path: `/v1/accounts/{account}${path}` as const,
    operationId,
    tags: [tag],
    summary,
    description,
    security: SECRET,
    request: { params: schema.accountParam, headers: schema.keyHeader, body: jsonBody(body) },
  };
}

const entryResponses = {
  200: json("The first answer again, for a key that was used before", schema.entryAnswer),
  201: json("The entry that was posted", schema.entryAnswer),
};
const holdResponses = {
  200: json("The first answer again, for a key that was used before", schema.holdAnswer),
  201: json("The hold", schema.holdAnswer),
};
const common = problems(400, 401, 403, 404, 409, 413, 415, 422, 503);

const grant = createRoute({
  ...command("grant", "/grants", "Commands", "Add credits", schema.grantIn),
  responses: { ...entryResponses, ...common },
});
const spend = createRoute({
  ...command(
    "spend",
    "/spend",
    "Commands",
    "Spend credits now",
    schema.spendIn,
    "Refused with 402 when the available credits and the overdraft limit do not cover it.",
  ),
  responses: { ...entryResponses, ...common, ...problems(402) },
});
const hold = createRoute({
  ...command("hold", "/holds", "Holds", "Set credits aside", schema.holdIn),
  responses: { ...holdResponses, ...common, ...problems(402) },
});
const settleBase = command(
  "settle",
  "/holds/{hold}/settle",
  "Holds",
  "Turn a hold into usage",
  schema.settleIn,
);
const settle = createRoute({
  ...settleBase,
  description:
    "Up to what was held it always posts; what goes beyond has to be covered. The rest becomes available again.",
  request: { ...settleBase.request, params: schema.holdParam },
  responses: { ...entryResponses, ...common, ...problems(402) },
});
const releaseBase = command("release", "/holds/{hold}/release", "Holds", "Give a hold up", schema.releaseIn);
const release = createRoute({
  ...releaseBase,
  request: {
    ...releaseBase.request,
    params: schema.holdParam,
    body: { content: { "application/json": { schema: schema.releaseIn } } },
  },
  responses: { ...holdResponses, ...common },
});
const refund = createRoute({
  ...command(
    "refund",
    "/refunds",
    "Commands",
    "Return a debit",
    schema.refundIn,
    "In whole or in part, never more than it took. The credits go back to the grants they were drawn from.",
  ),
  responses: { ...entryResponses, ...common },
});
const adjust = createRoute({
  ...command("adjust", "/adjustments", "Commands", "Correct the balance up or down", schema.correctionIn),
  responses: { ...entryResponses, ...common },
});
const writeOff = createRoute({
  ...command("writeOff", "/writeoffs", "Commands", "Take credits away for good", schema.correctionIn),
  responses: { ...entryResponses, ...common, ...problems(402) },
});

/** The key of a command; one nobody knows when none was given. */
const keyOf = (headers: { "idempotency-key"?: string | undefined }) =>
  headers["idempotency-key"] ?? randomUUID();
const entryBody = ({ entry }: EntryAnswer) => ({ entry: entryJson(entry) });
const holdBody = ({ hold }: HoldAnswer) => ({ hold: holdJson(hold) });
const statusOf = ({ repeated }: { repeated: boolean }) => (repeated ? 200 : 201);

/** The commands that move credits. */
export function commandRoutes(app: App, { service }: Parts): void {
  app.openapi(grant, async (c) => {
    const { effective_at, expires_at, ...input } = c.req.valid("json");
    const checked = { ...input, effectiveAt: effective_at, expiresAt: expires_at };
    const { account } = c.req.valid("param");
    const answer = await service.post(commands.grantCommand(account, keyOf(c.req.valid("header")), checked));
    return c.json(entryBody(answer), statusOf(answer));
  });

  app.openapi(spend, async (c) => {
    const { original_credits, ...input } = c.req.valid("json");
    const checked = { ...input, originalCredits: original_credits };
    const { account } = c.req.valid("param");
    const answer = await service.post(commands.spendCommand(account, keyOf(c.req.valid("header")), checked));
    return c.json(entryBody(answer), statusOf(answer));
  });

  app.openapi(hold, async (c) => {
    const { expires_in, ...input } = c.req.valid("json");
    const checked = { ...input, expiresIn: expires_in };
    const { account } = c.req.valid("param");
    const answer = await service.hold(commands.holdCommand(account, keyOf(c.req.valid("header")), checked));
    return c.json(holdBody(answer), statusOf(answer));
  });

  app.openapi(settle, async (c) => {
    const { original_credits, ...input } = c.req.valid("json");
    const checked = { ...input, originalCredits: original_credits };
    const { account, hold } = c.req.valid("param");
    const key = keyOf(c.req.valid("header"));
    const answer = await service.post(commands.settleCommand(account, key, hold, checked));
    return c.json(entryBody(answer), statusOf(answer));
  });

  app.openapi(release, async (c) => {
    const { account, hold } = c.req.valid("param");
    const key = keyOf(c.req.valid("header"));
    const answer = await service.hold(commands.releaseCommand(account, key, hold));
    return c.json(holdBody(answer), statusOf(answer));
  });

  app.openapi(refund, async (c) => {
    const { account } = c.req.valid("param");
    const key = keyOf(c.req.valid("header"));
    const answer = await service.post(commands.refundCommand(account, key, c.req.valid("json")));
    return c.json(entryBody(answer), statusOf(answer));
  });

  app.openapi(adjust, async (c) => {
    const { account } = c.req.valid("param");
    const key = keyOf(c.req.valid("header"));
    const answer = await service.post(
      commands.correctionCommand("adjust", account, key, c.req.valid("json")),
    );
    return c.json(entryBody(answer), statusOf(answer));
  });

  app.openapi(writeOff, async (c) => {
    const { account } = c.req.valid("param");
    const key = keyOf(c.req.valid("header"));
    const answer = await service.post(
      commands.correctionCommand("writeoff", account, key, c.req.valid("json")),
    );
    return c.json(entryBody(answer), statusOf(answer));
  });
}
