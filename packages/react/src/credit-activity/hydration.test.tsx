import { act, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history, row } from "../testing/history.js";
import { button, fixClock, open, settle, shownRows, table } from "../testing/page.js";
import { CreditActivity } from "./credit-activity.js";

fixClock();

beforeEach(() => {
  vi.spyOn(console, "error");
  vi.spyOn(console, "warn");
});
afterEach(() => {
  expect(console.error).not.toHaveBeenCalled();
  expect(console.warn).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

test("a page of a server hydrates without a mismatch, and then loads by a relative baseUrl", async () => {
  const { pageCalls, ...reader } = fakeReader(history(12));
  const fetch = vi.fn(async (_url: string, _init: RequestInit) =>
    Response.json(await reader.activity("acme", {})),
  );
  vi.stubGlobal("fetch", fetch);
  const element = (
    <StrictMode>
      <CreditActivity
        baseUrl="/api/credits"
        account="acme"
        getToken={() => "token-1"}
        labels={{ title: "Guthaben" }}
      />
    </StrictMode>
  );
  const container = document.body.appendChild(document.createElement("main"));
  container.innerHTML = renderToString(element);
  const section = container.firstElementChild;
  const onRecoverableError = vi.fn();
  const root = await act(async () => hydrateRoot(container, element, { onRecoverableError }));
  await expect.poll(() => screen.queryByText("Showing 1–8 of 12")).toBeTruthy();
  expect(onRecoverableError).not.toHaveBeenCalled();
  expect(container.firstElementChild).toBe(section);
  expect(fetch.mock.calls.map(([url]) => url)).toEqual([
    "/api/credits/v1/accounts/acme/activity?filter=all&page=1&perPage=8",
  ]);
  expect(screen.getByRole("heading", { name: "Guthaben" })).toBeTruthy();
  await act(async () => root.unmount());
});

test("no state has an inline style", async () => {
  const reader = fakeReader([
    row({ position: 13, entries: 3, originalCredits: "-2", discountPercent: 50 }),
    ...history(12),
  ]);
  reader.hold = true;
  const { user, container, rerender } = await open(reader);
  const found: string[] = [];
  const check = (state: string) => {
    const styled = container.querySelectorAll("[style], style, link");
    for (const one of styled) found.push(`${state}: ${one.outerHTML}`);
  };
  check("first load");
  reader.pageCalls.at(-1)?.fail("unavailable");
  await settle();
  expect(table().textContent).toContain("couldn’t be loaded");
  check("failed first load");
  reader.hold = false;
  await user.click(button("Retry"));
  check("rows");
  reader.hold = true;
  await user.click(button(/3 calls/));
  check("entries load");
  reader.entryCalls.at(-1)?.fail("unavailable");
  await settle();
  check("failed entries");
  await user.click(button(/3 calls/));
  await user.click(button("Next"));
  expect(table().getAttribute("aria-busy")).toBe("true");
  check("page loads");
  reader.pageCalls.at(-1)?.fail("unavailable");
  await settle();
  check("failed change");
  reader.hold = false;
  await user.click(button("Retry"));
  expect(shownRows()).toHaveLength(5);
  check("last page");
  await rerender({}, fakeReader([]));
  expect(screen.getByText("No activity yet")).toBeTruthy();
  check("empty ledger");
  expect(found).toEqual([]);
});
