import { z } from "zod";
import { type DecodedEvent, decodeEvent, FaultyEvent } from "../api/usage.js";
import { documented } from "../core/documented.js";
import { PARSING, toFaults } from "../core/faults.js";
import * as field from "../core/fields.js";
import { OPERATIONS } from "../core/operations/index.js";

const ENVELOPE = {
  specversion: z.literal("1.0"),
  id: field.key,
  // A URI reference, and so without white space.
  source: documented(z.string().regex(/^\S+$/, "is not a URI reference. Write it without spaces"), {
    description: "Together with the id it has at most 254 characters.",
    maxLength: 253,
    examples: ["/gateway/eu-1"],
  }),
  type: documented(z.string().min(1), { examples: ["com.example.ai.usage"] }),
  subject: documented(field.accountId, { description: "The account." }),
  time: documented(z.string().optional(), { format: "date-time" }),
  datacontenttype: documented(
    z
      .string()
      .refine((type) => /^application\/([\w.-]+\+)?json\b/i.test(type), "is not JSON. Use application/json")
      .optional(),
    { pattern: "^[Aa][Pp][Pp][Ll][Ii][Cc][Aa][Tt][Ii][Oo][Nn]/([\\w.\\-]+\\+)?[Jj][Ss][Oo][Nn]\\b" },
  ),
};

/**
 * A CloudEvent 1.0 that reports usage: `id` is part of the event's key, `subject` the account, `time` when it happened, and
 * `data` the rest of a usage event. `source` and `type` are the sender's own. Other context attributes are let through.
 */
export const cloudEvent = documented(
  z.looseObject({
    ...ENVELOPE,
    data: OPERATIONS.usage.schema.omit({ id: true, account: true, occurredAt: true }),
  }),
  { id: "CloudEvent" },
);

const inEnvelope = z.never().optional();

/** The envelope, with data that has none of the envelope's fields. The rest of the data is decoded as a usage event. */
const envelope = z.looseObject({
  ...ENVELOPE,
  data: z.looseObject({ id: inEnvelope, account: inEnvelope, occurredAt: inEnvelope }),
});

/** The attributes of a CloudEvent that become fields of a usage event. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ["id", "id"],
  ["account", "subject"],
  ["occurredAt", "time"],
]);

/**
 * Decodes a CloudEvent. Two sources may use the same id (CloudEvents 1.0, section 3.1.1: `source` and `id` together are
 * unique), so both make the key. The space between them ends the source, whatever the id.
 */
export function decodeCloudEvent(given: unknown): DecodedEvent {
  const parsed = envelope.safeParse(given, PARSING);
  if (!parsed.success) return new FaultyEvent(given, toFaults(parsed.error));
  const { source, subject, time, data } = parsed.data;
  const event = decodeEvent({
    ...data,
    id: `${source} ${parsed.data.id}`,
    account: subject,
    ...(time === undefined ? {} : { occurredAt: time }),
  });
  if (!(event instanceof FaultyEvent)) return event;
  const faults = event.faults.map(({ path, message }) => ({
    path: ATTRIBUTES.get(path) ?? `data.${path}`,
    message,
  }));
  return new FaultyEvent(given, faults);
}
