import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history, row } from "../testing/history.js";
import { announcement, button, fixClock, open, settle } from "../testing/page.js";
import { CreditActivity } from "./credit-activity.js";

fixClock();

test("onError gets each error that the page shows, with its message", async () => {
  const reader = fakeReader([row({ position: 24, entries: 3 }), ...history(23)]);
  const onError = vi.fn();
  reader.failWith = "unauthorized";
  const { user, rerender } = await open(reader, { onError });
  const loadFailed = "Credit activity couldn’t be loaded. Your session may have ended. Sign in again.";
  expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: "unauthorized" }), loadFailed]]);

  await rerender({ labels: { title: "Credits" } });
  expect(onError).toHaveBeenCalledTimes(1);

  await user.click(button("Retry"));
  expect(onError).toHaveBeenCalledTimes(2);
  reader.failWith = null;
  await user.click(button("Retry"));

  reader.failWith = "unavailable";
  await user.click(button(/3 calls/));
  await user.click(button("Next"));
  const messages = onError.mock.calls.slice(2).map(([, message]) => message);
  expect(messages).toEqual([
    "These entries couldn’t be loaded. The server can’t be reached. Check your connection.",
    "The new rows couldn’t be loaded. The previous rows are still shown. The server can’t be reached. Check your connection.",
  ]);
  expect(messages[1]).toBe(announcement());
});

test("onError is not called for a failure that the page does not show", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval", "performance"] });
  const reader = fakeReader(history(3));
  const onError = vi.fn();
  await open(reader, { onError, refreshSeconds: 5 });
  reader.failWith = "unavailable";
  vi.advanceTimersByTime(5000);
  await settle();
  expect(reader.pageCalls.length).toBeGreaterThan(1);
  expect(onError).not.toHaveBeenCalled();
});

test("an error of onError leaves the page on the screen", async () => {
  const thrown: unknown[] = [];
  const queue = globalThis.queueMicrotask;
  vi.stubGlobal("queueMicrotask", (task: () => void) =>
    queue(() => {
      try {
        task();
      } catch (error) {
        thrown.push(error);
      }
    }),
  );
  const reader = fakeReader(history(3));
  reader.failWith = "unavailable";
  const error = new Error("The log failed.");
  const onError = () => {
    throw error;
  };
  await open(reader, { onError });
  vi.unstubAllGlobals();
  expect(thrown).toEqual([error]);
  expect(button("Retry")).toBeTruthy();
});

test.each([401, 403])("after a response with %d, Retry asks getToken again", async (status) => {
  const { pageCalls, ...reader } = fakeReader(history(3));
  const good = "token-3";
  vi.stubGlobal("fetch", async (_url: string, init: RequestInit) => {
    if (new Headers(init.headers).get("authorization") === `Bearer ${good}`) {
      return Response.json(await reader.activity("acme", {}));
    }
    const code = status === 401 ? "unauthorized" : "forbidden";
    const headers = { "content-type": "application/problem+json" };
    return new Response(JSON.stringify({ type: "about:blank", title: code, status, code }), {
      status,
      headers,
    });
  });
  // After a 401 the client replaces the token once by itself.
  const tokens = status === 401 ? ["token-1", "token-2", good] : ["token-1", good];
  const getToken = vi.fn(async () => tokens.shift() ?? "none");
  const onError = vi.fn();
  render(
    <CreditActivity
      baseUrl="/api/credits"
      account="acme"
      getToken={getToken}
      onError={onError}
      timeZone="UTC"
    />,
  );
  await expect.poll(() => screen.queryByRole("button", { name: "Retry" })).toBeTruthy();
  expect(onError).toHaveBeenCalledWith(expect.objectContaining({ status }), expect.any(String));
  const asked = getToken.mock.calls.length;
  await userEvent.setup({ delay: null }).click(button("Retry"));
  await expect.poll(() => screen.queryByText("Showing 1–3 of 3")).toBeTruthy();
  expect(getToken).toHaveBeenCalledTimes(asked + 1);
  vi.unstubAllGlobals();
});
