import type { Context } from "hono";
import { z } from "zod";
import type { UsageCommand } from "../../ledger/command.js";
import { usageCommand } from "../../service/commands.js";
import { EVENTS_MAX } from "../../service/fields.js";
import { InvalidInputError, issuesOf } from "../../service/inputs.js";
import type { UsageResult } from "../../service/service.js";
import { answerCommand } from "../answer.js";
import { cloudEvent, usageOfCloudEvent } from "../cloud-events.js";
import type { App, Parts } from "../context.js";
import { problem } from "../problems.js";
import { jsonBody, problems, SECRET } from "../route.js";
import * as schema from "../schemas.js";
import { entryJson } from "../wire.js";

type UsageBody = z.input<typeof schema.usageOut>["results"][number];

/** The body of each media type, taken apart into events that are then checked one by one. */
const EVENTS_OF: Readonly<Record<string, (body: unknown) => readonly unknown[]>> = {
  "application/json": (body) => envelope.parse(body).events,
  "application/cloudevents+json": (body) => [body],
  "application/cloudevents-batch+json": (body) => batch.parse(body),
};

const batch = z
  .array(z.unknown(), { error: "is not a JSON array of events" })
  .min(1, "has no events")
  .max(EVENTS_MAX, `has more than ${EVENTS_MAX} events; send them in several requests`);
const envelope = z.strictObject({ events: batch }, { error: 'is not an object {"events": [...]}' });

/** Usage, in our own form or as CloudEvents 1.0. One bad event is refused alone. */
export function usageRoutes(app: App, { service }: Parts): void {
  const cloudEventRef = app.openAPIRegistry.register("CloudEvent", cloudEvent);
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/usage",
    operationId: "usage",
    tags: ["Commands"],
    summary: "Report usage that has happened",
    description: `Always posts, and may leave a debt, which the next grant pays first. Up to ${EVENTS_MAX.toLocaleString("en")} events; each is answered for itself, in the order given.`,
    security: SECRET,
    request: {
      body: {
        ...jsonBody(schema.usageIn),
        content: {
          "application/json": { schema: schema.usageIn },
          "application/cloudevents+json": { schema: cloudEventRef },
          "application/cloudevents-batch+json": { schema: z.array(cloudEventRef) },
        },
      },
    },
    responses: {
      200: {
        description: "What became of each event",
        content: { "application/json": { schema: schema.usageOut } },
      },
      ...problems(400, 401, 403, 413, 415, 503),
    },
  });

  app.post("/v1/usage", async (c) => {
    const type = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    const eventsOf = EVENTS_OF[type];
    if (eventsOf === undefined) {
      return problem(
        c,
        "unsupported_media_type",
        `Send Content-Type: ${Object.keys(EVENTS_OF).join(", or ")}.`,
      );
    }
    const events = await readEvents(c, eventsOf);
    const isCloudEvent = type !== "application/json";
    const parsed = events.map((event) => parse(event, isCloudEvent));
    const came = await service.use(parsed.flatMap(({ command }) => command ?? []));
    const next = came.values();
    const results = parsed.map(({ id, command, detail }) =>
      command === null ? badEvent(id, detail) : resultJson(id, next.next().value as UsageResult),
    );
    return answerCommand(200, { results });
  });
}

async function readEvents(
  c: Context,
  eventsOf: (body: unknown) => readonly unknown[],
): Promise<readonly unknown[]> {
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidInputError([{ path: "", message: `The body is not JSON: ${error.message}` }]);
  }
  try {
    return eventsOf(body);
  } catch (error) {
    if (error instanceof z.ZodError) throw new InvalidInputError(issuesOf(error));
    throw error;
  }
}

/** An event as a command, or what is wrong with it. */
type Parsed = { readonly id: string | null } & (
  | { readonly command: UsageCommand; readonly detail: null }
  | { readonly command: null; readonly detail: string }
);

function parse(event: unknown, isCloudEvent: boolean): Parsed {
  const parsed = isCloudEvent ? usageOfCloudEvent(event) : schema.usageEventIn.safeParse(event);
  const id = idOf(event);
  if (!parsed.success) {
    const detail = issuesOf(parsed.error)
      .map((issue) => (issue.path === "" ? issue.message : `${issue.path}: ${issue.message}`))
      .join("; ");
    return { id, command: null, detail };
  }
  const { data } = parsed;
  // Named in place: of thousands of events a copy each would cost as much as checking them.
  const checked = Object.assign(data, {
    occurredAt: data.occurred_at,
    originalCredits: data.original_credits,
  });
  return { id, command: usageCommand(checked), detail: null };
}

function badEvent(id: string | null, detail: string | null): UsageBody {
  return { id, status: "refused", entry: null, error: { code: "bad_request", detail: detail ?? "" } };
}

function resultJson(id: string | null, { status, entry, refusal }: UsageResult): UsageBody {
  return {
    id,
    status,
    entry: entry === null ? null : entryJson(entry),
    error: refusal === null ? null : { code: refusal.code, detail: refusal.detail },
  };
}

function idOf(event: unknown): string | null {
  const id = (event as { id?: unknown } | null)?.id;
  return typeof id === "string" ? id : null;
}
