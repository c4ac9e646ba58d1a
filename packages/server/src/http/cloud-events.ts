import { z } from "@hono/zod-openapi";
import * as field from "../service/fields.js";
import { usageEventIn } from "./schemas.js";

/**
 * A CloudEvent 1.0 that reports usage: `id` is the event's key, `subject` the account, `time` when it happened, and
 * `data` the rest of a usage event. `source` and `type` are the sender's own; other context attributes are let through.
 */
export const cloudEvent = z
  .looseObject({
    specversion: z.literal("1.0"),
    id: field.key,
    // A URI reference, and so without white space.
    source: z.string().regex(/^\S+$/, "is not a URI reference").openapi({ example: "/gateway/eu-1" }),
    type: z.string().min(1).openapi({ example: "com.example.ai.usage" }),
    subject: field.accountId.openapi({ description: "The account." }),
    time: z.string().optional().openapi({ format: "date-time" }),
    datacontenttype: z
      .string()
      .refine((type) => /^application\/([\w.-]+\+)?json\b/i.test(type), "has to be JSON")
      .optional(),
    data: usageEventIn.omit({ id: true, account: true, occurred_at: true }),
  })
  .openapi("CloudEvent");

/** What the envelope says for itself the data can't say otherwise; the rest of the data is checked as a usage event. */
const rawEnvelope = cloudEvent.extend({
  data: z.looseObject({
    id: z.never().optional(),
    account: z.never().optional(),
    occurred_at: z.never().optional(),
  }),
});

/** A usage event, or what is wrong with it. */
export type UsageParse =
  | { readonly success: true; readonly data: z.output<typeof usageEventIn> }
  | { readonly success: false; readonly error: z.ZodError };

/**
 * Two sources may use the same id (CloudEvents 1.0, section 3.1.1: `source` and `id` together are unique), so the key of
 * a CloudEvent is made of both. The space between them tells where the source ends, whatever the id holds.
 */
export function usageOfCloudEvent(event: unknown): UsageParse {
  const envelope = rawEnvelope.safeParse(event);
  if (!envelope.success) return { success: false, error: envelope.error };
  const { id, source, subject, time, data } = envelope.data;
  return usageEventIn.safeParse({
    ...data,
    id: `${source} ${id}`,
    account: subject,
    ...(time === undefined ? {} : { occurred_at: time }),
  });
}
