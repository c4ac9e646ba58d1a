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
    source: z.string().min(1).openapi({ example: "/gateway/eu-1" }),
    type: z.string().min(1).openapi({ example: "com.example.ai.usage" }),
    subject: field.accountId.openapi({ description: "The account." }),
    time: z.string().optional().openapi({ format: "date-time" }),
    datacontenttype: z
      .string()
      .regex(/^application\/([\w.-]+\+)?json\b/i, "has to be JSON")
      .optional(),
    data: usageEventIn.omit({ id: true, account: true, occurred_at: true }),
  })
  .openapi("CloudEvent");

/** A usage event, or what is wrong with it. */
export type UsageParse =
  | { readonly success: true; readonly data: z.output<typeof usageEventIn> }
  | { readonly success: false; readonly error: z.ZodError };

/**
 * Two sources may use the same id (CloudEvents 1.0, section 3.1.1: `source` and `id` together are unique), so the key of
 * a CloudEvent is made of both.
 */
export function usageOfCloudEvent(event: unknown): UsageParse {
  const envelope = cloudEvent.extend({ data: z.unknown() }).safeParse(event);
  if (!envelope.success) return { success: false, error: envelope.error };
  const { id, source, subject, time, data } = envelope.data;
  return usageEventIn.safeParse({
    ...(data as object),
    id: `${source}#${id}`,
    account: subject,
    ...(time === undefined ? {} : { occurred_at: time }),
  });
}
