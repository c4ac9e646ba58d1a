import type { Problem } from "@credit-activity/client";
import { expect, it } from "vitest";
import { limitWrites } from "../../src/http/admission.js";

const OK = new Response("ok");

/** A request whose body must not be read. */
function post(): Request {
  const body = new ReadableStream(
    {
      pull() {
        throw new Error("The body was read.");
      },
    },
    { highWaterMark: 0 },
  );
  return new Request("http://ledger.test/v1/usage", { method: "POST", body, duplex: "half" } as RequestInit);
}

async function expectBusy(response: Response): Promise<void> {
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    status: 503,
    code: "overloaded",
    detail: "The ledger is busy and did nothing of this. Send it again in a second.",
  } satisfies Partial<Problem>);
}

it("a full ledger refuses what may write before it is read, and nothing else", async () => {
  let isFull = true;
  const handled: string[] = [];
  const fetch = limitWrites(
    async ({ method }) => {
      handled.push(method);
      return OK;
    },
    () => isFull,
  );
  await expectBusy(await fetch(post()));
  await expectBusy(await fetch(new Request("http://ledger.test/v1/accounts/a", { method: "PUT" })));
  for (const method of ["GET", "HEAD", "OPTIONS"])
    expect(await fetch(new Request("http://ledger.test/v1/accounts/a", { method }))).toBe(OK);
  isFull = false;
  expect(await fetch(post())).toBe(OK);
  expect(handled).toEqual(["GET", "HEAD", "OPTIONS", "POST"]);
});

it("no more than 2,000 requests that may write are in the process, and those that failed have left it", async () => {
  const finish: ((error?: Error) => void)[] = [];
  const fetch = limitWrites(
    () =>
      new Promise((resolve, reject) =>
        finish.push((error) => (error === undefined ? resolve(OK) : reject(error))),
      ),
    () => false,
  );
  const running = Array.from({ length: 2_000 }, () => fetch(post()));
  await expectBusy(await fetch(post()));
  finish[0]?.();
  finish[1]?.(new Error("It failed."));
  expect(await running[0]).toBe(OK);
  await expect(running[1]).rejects.toThrow("It failed.");
  const later = [fetch(post()), fetch(post())];
  await expectBusy(await fetch(post()));
  for (const end of finish) end();
  for (const reply of [...running.slice(2), ...later]) expect(await reply).toBe(OK);
});
