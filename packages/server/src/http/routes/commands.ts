import { randomUUID } from "node:crypto";
import type { z } from "zod";
import * as commands from "../../service/commands.js";
import type { EntryAnswer, HoldAnswer } from "../../service/service.js";
import type { App, Parts } from "../context.js";
import { createRoute, json, jsonBody, problems, SECRET, serveRoute } from "../route.js";
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
const statusOf = (isRepeated: boolean): 200 | 201 => (isRepeated ? 200 : 201);
const entryAnswer = ({ entry, repeated }: EntryAnswer) => ({
  status: statusOf(repeated),
  body: { entry: entryJson(entry) },
});
const holdAnswer = ({ hold, repeated }: HoldAnswer) => ({
  status: statusOf(repeated),
  body: { hold: holdJson(hold) },
});

/** The commands that move credits. */
export function commandRoutes(app: App, { service }: Parts): void {
  serveRoute(app, grant, async ({ params, headers, body }) => {
    const checked = Object.assign(body, { effectiveAt: body.effective_at, expiresAt: body.expires_at });
    return entryAnswer(await service.post(commands.grantCommand(params.account, keyOf(headers), checked)));
  });

  serveRoute(app, spend, async ({ params, headers, body }) => {
    const checked = Object.assign(body, { originalCredits: body.original_credits });
    return entryAnswer(await service.post(commands.spendCommand(params.account, keyOf(headers), checked)));
  });

  serveRoute(app, hold, async ({ params, headers, body }) => {
    const checked = Object.assign(body, { expiresIn: body.expires_in });
    return holdAnswer(await service.hold(commands.holdCommand(params.account, keyOf(headers), checked)));
  });

  serveRoute(app, settle, async ({ params, headers, body }) => {
    const checked = Object.assign(body, { originalCredits: body.original_credits });
    const command = commands.settleCommand(params.account, keyOf(headers), params.hold, checked);
    return entryAnswer(await service.post(command));
  });

  serveRoute(app, release, async ({ params, headers }) =>
    holdAnswer(await service.hold(commands.releaseCommand(params.account, keyOf(headers), params.hold))),
  );

  serveRoute(app, refund, async ({ params, headers, body }) =>
    entryAnswer(await service.post(commands.refundCommand(params.account, keyOf(headers), body))),
  );

  serveRoute(app, adjust, async ({ params, headers, body }) =>
    entryAnswer(
      await service.post(commands.correctionCommand("adjust", params.account, keyOf(headers), body)),
    ),
  );

  serveRoute(app, writeOff, async ({ params, headers, body }) =>
    entryAnswer(
      await service.post(commands.correctionCommand("writeoff", params.account, keyOf(headers), body)),
    ),
  );
}
