import type { MeteredCall } from "./call.js";

/** Observes a part of a stream. It returns the parts to pass on. */
export type ObservePart<Part> = (part: Part) => readonly Part[];

/**
 * Passes a stream on and meters its call. The charge is posted before the stream ends. A stream that is cancelled,
 * aborted or broken off ends its call too.
 */
export function meterStream<Part>(
  stream: ReadableStream<Part>,
  call: MeteredCall,
  observe: ObservePart<Part>,
  signal?: AbortSignal | null,
): ReadableStream<Part> {
  const reader = stream.getReader();
  const abort = () => void call.end();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });

  const end = async () => {
    signal?.removeEventListener("abort", abort);
    await call.end();
  };

  return new ReadableStream<Part>(
    {
      async pull(controller) {
        for (let hasPassed = false; !hasPassed; ) {
          const { done, value } = await read();
          if (done) {
            await end();
            controller.close();
            return;
          }
          for (const part of observe(value)) {
            controller.enqueue(part);
            hasPassed = true;
          }
        }
      },
      async cancel(reason) {
        await Promise.all([reader.cancel(reason), end()]);
      },
    },
    // Nothing is read ahead of the consumer.
    { highWaterMark: 0 },
  );

  async function read() {
    try {
      return await reader.read();
    } catch (error) {
      await end();
      throw error;
    }
  }
}
