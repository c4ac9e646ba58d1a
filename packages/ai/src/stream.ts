import { HOLD_SECONDS, type MeteredCall } from "./call.js";
import { unref } from "./timers.js";

/** The meter of a stream's parts. */
export interface PartMeter<Part> {
  /** Observes a part. It returns the parts to pass on. */
  observe(part: Part): readonly Part[];
  /** Returns the parts to pass on at the end. */
  flush?(): readonly Part[];
}

/**
 * Passes a stream on and meters its call. The charge is posted before the stream ends. A stream that is cancelled,
 * aborted, broken off or no longer read ends its call too.
 */
export function meterStream<Part>(
  stream: ReadableStream<Part>,
  call: MeteredCall,
  meter: PartMeter<Part>,
  signal?: AbortSignal | null,
): ReadableStream<Part> {
  const reader = stream.getReader();
  let idle: ReturnType<typeof setTimeout> | undefined;

  const end = () => {
    clearTimeout(idle);
    signal?.removeEventListener("abort", endQuietly);
    return call.end();
  };
  // A listener has no caller that its failure could reach.
  const endQuietly = () => void end().catch(() => {});

  return new ReadableStream<Part>(
    {
      start(controller) {
        signal?.addEventListener("abort", endQuietly, { once: true });
        if (signal?.aborted) endQuietly();
        waitForReader(controller);
      },
      async pull(controller) {
        clearTimeout(idle);
        if ((await passOn(controller)) === "open") waitForReader(controller);
      },
      async cancel(reason) {
        await Promise.all([reader.cancel(reason), end()]);
      },
    },
    // Nothing is read ahead of the consumer.
    { highWaterMark: 0 },
  );

  /** Reads until there is a part to pass on, or until the end. A failure to read or to meter ends the call. */
  async function passOn(controller: ReadableStreamDefaultController<Part>): Promise<"open" | "ended"> {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        const parts = done ? (meter.flush?.() ?? []) : meter.observe(value);
        if (done) await end();
        for (const part of parts) controller.enqueue(part);
        if (done) {
          controller.close();
          return "ended";
        }
        if (parts.length > 0) return "open";
      }
    } catch (error) {
      reader.cancel(error).catch(() => {});
      await end();
      throw error;
    }
  }

  /** Cuts the stream if nobody takes the next part. Its hold would be extended without an end otherwise. */
  function waitForReader(controller: ReadableStreamDefaultController<Part>): void {
    const cut = () => {
      const error = new Error(
        `The stream was not read for ${HOLD_SECONDS} seconds. Cancel what you don't read.`,
      );
      endQuietly();
      controller.error(error);
      reader.cancel(error).catch(() => {});
    };
    idle = unref(setTimeout(cut, HOLD_SECONDS * 1000));
  }
}
