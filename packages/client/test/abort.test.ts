import { expect, test } from "vitest";
import { createLedgerClient } from "../src/index.js";
import { json, problem, serve } from "./server.js";

test("an abort rejects a request in flight at once with the signal's reason", async () => {
  const { baseUrl, received } = await serve(() => {});
  const controller = new AbortController();
  const reason = new Error("page closed");
  const reading = createLedgerClient({ baseUrl, key: "t" }).getAccount("acme", { signal: controller.signal });
  await expect.poll(() => received.length).toBe(1);
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
  expect(received).toHaveLength(1);
});

test("an abort ends the pause between tries at once", async () => {
  const { baseUrl, received } = await serve((_, response) =>
    problem(response, 503, "overloaded", {}, { "retry-after": "30" }),
  );
  const controller = new AbortController();
  const reading = createLedgerClient({ baseUrl, key: "t" }).getAccount("acme", { signal: controller.signal });
  await expect.poll(() => received.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const startedMs = performance.now();
  controller.abort();
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
  expect(performance.now() - startedMs).toBeLessThan(500);
  expect(received).toHaveLength(1);
});

test("a signal that is already aborted prevents the request", async () => {
  const { baseUrl, received } = await serve((_, response) => json(response, 200, {}));
  const client = createLedgerClient({ baseUrl, key: "t" });
  await expect(client.spend("acme", { credits: "1" }, { signal: AbortSignal.abort() })).rejects.toMatchObject(
    {
      name: "AbortError",
    },
  );
  expect(received).toHaveLength(0);
});

test("an abort does not wait for getToken", async () => {
  const controller = new AbortController();
  const client = createLedgerClient({
    baseUrl: "http://127.0.0.1:1",
    getToken: () => new Promise<string>(() => {}),
  });
  const reading = client.getAccount("acme", { signal: controller.signal });
  controller.abort();
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
});
