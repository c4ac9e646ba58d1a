import { toError } from "@credit-activity/client";
import type { Context } from "hono";
import { OverloadedError } from "../engine/lane.js";
import { createBudget, type Release } from "./budget.js";

/** The largest body of a command in bytes. No valid one is larger, even if all its characters are escaped. */
export const COMMAND_BYTES_MAX = 1024 * 1024;

/** The largest body of usage in bytes: 10,000 events of some 1.6 kB each. */
export const USAGE_BYTES_MAX = 16 * 1024 * 1024;

/** The bytes up to which a body is read without a share of the budget. */
const SMALL_BYTES_MAX = 64 * 1024;

/** The bytes of large bodies that are in the process at once. All others wait in their connections. */
const LARGE_BYTES_MAX = 2 * USAGE_BYTES_MAX;

/** The time in which a large body has to arrive, once it is read. It would keep its share of the budget for longer. */
const ARRIVAL_MS_MAX = 30_000;

/** A body that was read. */
export interface Body {
  readonly text: string;
  /** Returns its share of the budget. Call it when the body and what was made of it are no longer needed. */
  readonly release: Release;
}

/** Reads the bodies of requests. */
export interface Bodies {
  /**
   * Reads a body as UTF-8.
   *
   * @throws LedgerError with the code `payload_too_large` if it has more bytes
   * @throws OverloadedError if other large bodies leave no room for it, or if it does not arrive in time
   */
  read(c: Context, bytesMax: number): Promise<Body>;
}

const KEEPS_NOTHING: Release = () => {};

/** Makes what reads bodies, with a budget that large ones share. */
export function createBodies(): Bodies {
  const budget = createBudget(LARGE_BYTES_MAX);

  async function readLarge(c: Context, bytesMax: number, length: number | null): Promise<Body> {
    let release = length === null ? KEEPS_NOTHING : await budget.take(length);
    let isLate = false;
    const reader = (c.req.raw.body as ReadableStream<Uint8Array>).getReader();
    const startTimer = () =>
      setTimeout(() => {
        isLate = true;
        reader.cancel().catch(() => {});
      }, ARRIVAL_MS_MAX);
    let timer = startTimer();
    const decoder = new TextDecoder();
    let bytes = 0;
    let text = "";
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (isLate) throw new OverloadedError(TOO_LATE);
        if (done) break;
        bytes += value.length;
        if (bytes > bytesMax) throw toTooLarge(bytesMax);
        text += decoder.decode(value, { stream: true });
        if (bytes > SMALL_BYTES_MAX && release === KEEPS_NOTHING) {
          clearTimeout(timer);
          release = await budget.take(bytesMax);
          timer = startTimer();
        }
      }
      return { text: text + decoder.decode(), release };
    } catch (error) {
      release();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async read(c, bytesMax) {
      const length = toLength(c);
      if (length !== null && length > bytesMax) throw toTooLarge(bytesMax);
      // HTTP lets no more than the stated length through.
      if (length !== null && length <= SMALL_BYTES_MAX)
        return { text: await c.req.text(), release: KEEPS_NOTHING };
      if (c.req.raw.body === null) return { text: "", release: KEEPS_NOTHING };
      return readLarge(c, bytesMax, length);
    },
  };
}

/** Returns the length that a request states, or null if its body has to be counted as it arrives. */
function toLength(c: Context): number | null {
  const length = c.req.header("content-length") ?? "";
  const isStated = /^\d{1,15}$/.test(length) && c.req.header("transfer-encoding") === undefined;
  return isStated ? Number(length) : null;
}

const TOO_LATE = `The request did not arrive within ${ARRIVAL_MS_MAX / 1000} seconds, and nothing of it was done. Send it again.`;

function toTooLarge(bytesMax: number): Error {
  const detail = `The request is larger than ${bytesMax} bytes. Send several smaller ones.`;
  return toError({ code: "payload_too_large", detail });
}
