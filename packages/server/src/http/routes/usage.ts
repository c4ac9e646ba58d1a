import { toError, type UsageResults } from "@credit-activity/client";
import { z } from "zod";
import { toInvalid } from "../../api/inputs.js";
import { EVENTS_MAX } from "../../api/requests.js";
import * as result from "../../api/results.js";
import { decodeEvent, findFaultsOfEvents, toEventId } from "../../api/usage.js";
import { documented } from "../../core/documented.js";
import { OPERATIONS } from "../../core/operations/index.js";
import { cloudEvent, decodeCloudEvent } from "../cloud-events.js";
import { parseJson } from "../json.js";
import { respondWithProblem } from "../problems.js";
import { respondToCommand } from "../respond.js";
import { type App, type MethodsByCaller, type RouteDocs, requireUtf8, toQuery } from "../route.js";

/** The decoded events, and the ids of their results where these are not the keys. */
type Decoded = Parameters<MethodsByCaller["secret"]["postUsage"]>;

const EVENTS_TYPE = "application/json";

/** Decodes the body of each media type. */
const DECODERS: Readonly<Record<string, (body: unknown) => Decoded>> = {
  [EVENTS_TYPE]: (body) => [requireEvents(toEvents(body)).map(decodeEvent), null],
  "application/cloudevents+json": (body) => decodeCloudEvents([body]),
  "application/cloudevents-batch+json": (body) => decodeCloudEvents(requireEvents(body)),
};

function decodeCloudEvents(events: readonly unknown[]): Decoded {
  return [events.map(decodeCloudEvent), events.map(toEventId)];
}

const usageEvent = documented(OPERATIONS.usage.schema, { id: "UsageEvent" });
const usageInput = documented(z.strictObject({ events: z.array(usageEvent).min(1).max(EVENTS_MAX) }), {
  id: "UsageInput",
});

/** The documentation of the route that reports usage. */
export const usageDocs: RouteDocs = {
  method: "post",
  path: "/v1/usage",
  operationId: "usage",
  tag: "Commands",
  summary: "Report usage that has happened",
  description: `The balance never stops it. It may leave a debt, which the next grant pays first. Send up to ${EVENTS_MAX.toLocaleString("en")} events. Each has its own result, in the order of the events. Send those again that failed. A request with CloudEvents fails as a whole then.`,
  body: {
    isRequired: true,
    content: {
      "application/json": usageInput,
      "application/cloudevents+json": cloudEvent,
      "application/cloudevents-batch+json": z.array(cloudEvent),
    },
  },
  responses: { 200: ["The result of each event", result.usageResults] },
  problems: [400, 401, 403, 413, 415, 503],
};

/** Adds the route that reports usage, as events of the ledger or as CloudEvents 1.0. A faulty event is refused alone. */
export function addUsageRoute(app: App, { secret }: MethodsByCaller): void {
  app.post(usageDocs.path, async (c) => {
    const contentType = c.req.header("content-type") ?? "";
    requireUtf8(contentType);
    const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
    const decode = DECODERS[type];
    if (decode === undefined) {
      const types = Object.keys(DECODERS).join(", or ");
      const detail = `The media type ${JSON.stringify(type)} is not supported. Send Content-Type: ${types}.`;
      return respondWithProblem(c, "unsupported_media_type", detail);
    }
    toQuery(c);
    const results = await secret.postUsage(...decode(parseJson(await c.req.text())));
    if (type !== EVENTS_TYPE) requireDecided(results);
    return respondToCommand(200, results);
  });
}

/**
 * Fails the request if an event failed. A sender of CloudEvents goes by the status alone: it sends all of them again, and
 * those that were posted are duplicates then.
 */
function requireDecided({ results }: UsageResults): void {
  if (results.some(({ status }) => status === "failed")) {
    const detail = "Some events failed. Send all of them again. Those that were posted are not posted twice.";
    throw toError({ code: "unavailable", detail });
  }
}

function toEvents(body: unknown): unknown {
  const isEnvelope = typeof body === "object" && body !== null && "events" in body;
  if (!isEnvelope || Object.keys(body).length > 1) {
    const message = 'The body is not an object {"events": [...]}. Send the events in such an object';
    throw toInvalid([{ path: "", message }]);
  }
  return body.events;
}

function requireEvents(events: unknown): readonly unknown[] {
  const faults = findFaultsOfEvents(events);
  if (faults.length > 0) throw toInvalid(faults);
  return events as readonly unknown[];
}
