import { toError, type UsageResults } from "@credit-activity/client";
import { z } from "zod";
import { toInvalid } from "../../api/inputs.js";
import { EVENTS_MAX } from "../../api/requests.js";
import * as result from "../../api/results.js";
import { type DecodedEvent, decodeEvent, findFaultsOfEvents, toEventId } from "../../api/usage.js";
import { documented } from "../../core/documented.js";
import { OPERATIONS } from "../../core/operations/index.js";
import { type Bodies, COMMAND_BYTES_MAX, USAGE_BYTES_MAX } from "../bodies.js";
import { cloudEvent, decodeCloudEvent } from "../cloud-events.js";
import { parseJson, SLICE_LENGTH, sliceJson } from "../json.js";
import { respondWithProblem } from "../problems.js";
import { respondToCommand } from "../respond.js";
import { type App, type MethodsByCaller, type RouteDocs, requireUtf8, toQuery } from "../route.js";
import { createTurns, type TakeTurn } from "../turns.js";

const EVENTS_TYPE = "application/json";

/** The use of a media type. */
interface Format {
  /** True if a body has an array of events. Such a body may be large. */
  readonly isBatch: boolean;
  /** Returns the array of events in a body. */
  toEvents(body: unknown): unknown;
  decode(event: unknown): DecodedEvent;
}

const FORMATS: ReadonlyMap<string, Format> = new Map([
  [EVENTS_TYPE, { isBatch: true, toEvents, decode: decodeEvent }],
  [
    "application/cloudevents+json",
    { isBatch: false, toEvents: (body: unknown) => [body], decode: decodeCloudEvent },
  ],
  [
    "application/cloudevents-batch+json",
    { isBatch: true, toEvents: (body: unknown) => body, decode: decodeCloudEvent },
  ],
]);

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
export function addUsageRoute(app: App, { secret }: MethodsByCaller, bodies: Bodies): void {
  const takeTurn = createTurns();
  app.post(usageDocs.path, async (c) => {
    const contentType = c.req.header("content-type") ?? "";
    requireUtf8(contentType);
    const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
    const format = FORMATS.get(type);
    if (format === undefined) {
      const types = [...FORMATS.keys()].join(", or ");
      const detail = `The media type ${JSON.stringify(type)} is not supported. Send Content-Type: ${types}.`;
      return respondWithProblem(c, "unsupported_media_type", detail);
    }
    toQuery(c);
    const { text, release } = await bodies.read(c, format.isBatch ? USAGE_BYTES_MAX : COMMAND_BYTES_MAX);
    try {
      const isOwn = type === EVENTS_TYPE;
      const { events, ids } = await decodeEvents(text, format, takeTurn);
      // The id of a CloudEvent is only a part of its key.
      const results = await secret.postUsage(events, isOwn ? null : ids);
      if (!isOwn) requireDecided(results);
      return respondToCommand(200, results);
    } finally {
      release();
    }
  });
}

/** The events of a body, and their ids as the sender gave them. */
interface DecodedBody {
  readonly events: DecodedEvent[];
  readonly ids: (string | null)[];
}

/** Decodes a body. A large one is decoded in slices, between which others have their turns. */
async function decodeEvents(text: string, format: Format, takeTurn: TakeTurn): Promise<DecodedBody> {
  const decoded: DecodedBody = { events: [], ids: [] };
  const add = (events: readonly unknown[]) => {
    for (const event of events) {
      decoded.events.push(format.decode(event));
      decoded.ids.push(toEventId(event));
    }
  };
  if (!format.isBatch || text.length <= SLICE_LENGTH) {
    const events = format.toEvents(parseJson(text));
    requireEvents(events);
    add(events as readonly unknown[]);
    return decoded;
  }
  await takeTurn();
  const { frame, count, parse } = sliceJson(text);
  if (frame.length > SLICE_LENGTH) throw toInvalid([{ path: "", message: NOT_EVENTS }]);
  requireEvents(format.toEvents(parseJson(frame)), count);
  for (const slice of parse()) {
    add(slice);
    await takeTurn();
  }
  return decoded;
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

const NOT_EVENTS = 'The body is not an object {"events": [...]}. Send the events in such an object';

function toEvents(body: unknown): unknown {
  const isEnvelope = typeof body === "object" && body !== null && "events" in body;
  if (!isEnvelope || Object.keys(body).length > 1) throw toInvalid([{ path: "", message: NOT_EVENTS }]);
  return body.events;
}

function requireEvents(events: unknown, count?: number): void {
  const faults = findFaultsOfEvents(events, count);
  if (faults.length > 0) throw toInvalid(faults);
}
