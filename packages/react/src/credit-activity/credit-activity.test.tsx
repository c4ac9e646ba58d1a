import { createLedgerClient } from "@credit-activity/client";
import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history, row } from "../testing/history.js";
import { announcement, button, down, fixClock, open, settle, shownRows, table } from "../testing/page.js";
import { CreditActivity } from "./credit-activity.js";

fixClock();

test("the header has the title, a subtitle and the balance in a sentence", async () => {
  const reader = fakeReader(history(3));
  reader.balance = "1862.28";
  const { container } = await open(reader);
  expect(screen.getByRole("region", { name: "Credit Activity" })).toBeTruthy();
  expect(screen.getByRole("heading", { level: 2, name: "Credit Activity" })).toBeTruthy();
  expect(screen.getByText("Every credit added, used and corrected, and your balance after it.")).toBeTruthy();
  const remaining = container.querySelector(".credits-remaining");
  expect(remaining?.textContent).toBe("1,862.28 credits remaining");
  expect(remaining?.querySelector("strong")?.textContent).toBe("1,862.28");
});

test("a grant that is not effective yet is not part of the balance in the header", async () => {
  const reader = fakeReader(history(3));
  reader.balance = "1862.28";
  reader.pending = "62.28";
  const { container } = await open(reader);
  expect(container.querySelector(".credits-remaining")?.textContent).toBe("1,800.00 credits remaining");
});

test("a balance below zero is shown as credits owed", async () => {
  const reader = fakeReader(history(3));
  reader.balance = "-1234.5";
  const { container } = await open(reader);
  expect(container.querySelector(".credits-remaining")?.textContent).toBe("1,234.50 credits owed");
});

test("a failed change keeps the rows, shows a message and offers Retry, which keeps the focus", async () => {
  const reader = fakeReader(history(23));
  const { user } = await open(reader);
  reader.failWith = "unavailable";
  await user.click(button("Next"));
  expect(shownRows()).toEqual(down(23, 16));
  expect(table().getAttribute("aria-busy")).toBe("false");
  expect(announcement()).toBe(
    "The new rows couldn’t be loaded. The previous rows are still shown. The server can’t be reached. Check your connection.",
  );
  reader.failWith = null;
  await user.click(button("Retry"));
  expect(shownRows()).toEqual(down(15, 8));
  expect(announcement()).toBe("Showing 9 to 16 of 23");
  expect(screen.queryByRole("button", { name: "Retry" })).toBeNull();
  expect(document.activeElement).toBe(table());
});

test("after a failed change of the page, Previous and Next count from the rows on the screen", async () => {
  const reader = fakeReader(history(23));
  const { user } = await open(reader);
  reader.failWith = "unavailable";
  await user.click(button("Next"));
  expect(button("Previous").getAttribute("aria-disabled")).toBe("true");
  await user.click(button("Next"));
  reader.failWith = null;
  await user.click(button("Next"));
  expect(shownRows()).toEqual(down(15, 8));
  expect(button("Previous").getAttribute("aria-disabled")).toBe("false");
});

test("the message stays during a retry", async () => {
  const reader = fakeReader(history(23));
  const { user } = await open(reader);
  reader.failWith = "unavailable";
  await user.click(button("Next"));
  reader.hold = true;
  await user.click(button("Retry"));
  expect(button("Retrying…").getAttribute("aria-disabled")).toBe("true");
  const sent = reader.pageCalls.length;
  await user.click(button("Retrying…"));
  expect(reader.pageCalls).toHaveLength(sent);
  reader.pageCalls.at(-1)?.fail("unavailable");
  await settle();
  expect(button("Retry")).toBeTruthy();
  expect(announcement()).toContain("The new rows couldn’t be loaded.");
});

test("a failed first load shows a message in the table and can be retried", async () => {
  const reader = fakeReader(history(23));
  reader.failWith = "unauthorized";
  const { user } = await open(reader);
  expect(table().textContent).toContain(
    "Credit activity couldn’t be loaded. Your session may have ended. Sign in again.",
  );
  expect(table().querySelectorAll(".credits-skeleton")).toHaveLength(0);
  reader.failWith = null;
  await user.click(button("Retry"));
  expect(shownRows()).toEqual(down(23, 16));
});

test("a retry drops an asOf that the server refused", async () => {
  const reader = fakeReader(history(23));
  const { user } = await open(reader);
  reader.hold = true;
  await user.click(button("Next"));
  reader.pageCalls.at(-1)?.fail("bad_request", 400);
  await settle();
  reader.hold = false;
  await user.click(button("Retry"));
  expect(reader.pageCalls.at(-1)?.query).toEqual({ filter: "all", page: 2, perPage: 8 });
  expect(shownRows()).toEqual(down(15, 8));
});

test("another account never shows the rows of the previous one", async () => {
  const reader = fakeReader(history(23));
  const { rerender } = await open(reader);
  reader.hold = true;
  await rerender({ account: "other" });
  expect(shownRows()).toEqual(Array(8).fill(0));
  expect(table().querySelectorAll(".credits-skeleton-row")).toHaveLength(8);
  const late = reader.pageCalls.at(-1);
  expect(late?.account).toBe("other");
  await rerender({ account: "third" });
  expect(late?.signal?.aborted).toBe(true);
  late?.respond();
  await settle();
  expect(table().querySelectorAll(".credits-skeleton-row")).toHaveLength(8);
});

test("an unmounted page aborts its requests", async () => {
  const reader = fakeReader(history(23));
  reader.rows = [row({ position: 2, entries: 3 }), ...history(1)];
  const { user, unmount } = await open(reader, { perPage: 1 });
  reader.hold = true;
  await user.click(button(/3 calls/));
  await user.click(button("Next"));
  const [entries, page] = [reader.entryCalls.at(-1), reader.pageCalls.at(-1)];
  expect([entries?.signal?.aborted, page?.signal?.aborted]).toEqual([false, false]);
  unmount();
  expect([entries?.signal?.aborted, page?.signal?.aborted]).toEqual([true, true]);
});

test("a new refreshKey reloads the page on the screen without an announcement", async () => {
  const reader = fakeReader(history(23));
  const { user, rerender } = await open(reader);
  await rerender({ refreshKey: 1 });
  expect(reader.pageCalls.at(-1)?.query).toEqual({ filter: "all", page: 1, perPage: 8 });
  await user.click(button("Next"));
  const before = announcement();
  reader.rows = history(25);
  reader.balance = "4000";
  await rerender({ refreshKey: 2 });
  expect(reader.pageCalls.at(-1)?.query).toEqual({ filter: "all", page: 2, perPage: 8 });
  expect(shownRows()).toEqual(down(17, 10));
  expect(screen.getByText("4,000.00")).toBeTruthy();
  expect(announcement()).toBe(before);
});

test("a refresh with fewer pages shows the last one", async () => {
  const reader = fakeReader(history(23));
  const { user, rerender } = await open(reader);
  await user.click(button("Next"));
  await user.click(button("Next"));
  reader.rows = history(9);
  await rerender({ refreshKey: 1 });
  await settle();
  expect(shownRows()).toEqual([1]);
});

test("the page needs only a baseUrl and a getToken, and sends GET requests only", async () => {
  const { pageCalls, ...reader } = fakeReader([row({ position: 1, entries: 3 })]);
  const sent: string[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    sent.push(`${init.method} ${url} ${new Headers(init.headers).get("authorization")}`);
    const query = Object.fromEntries(new URL(url, "http://x").searchParams);
    const body = url.includes("/entries")
      ? { entries: [], nextCursor: null }
      : await reader.activity("acme", { ...query, page: 1, perPage: 8 });
    return Response.json(body);
  });
  const getToken = vi.fn(async () => "token-1");
  const element = (ask: () => Promise<string>) => (
    <CreditActivity
      baseUrl="http://127.0.0.1:9/credits"
      getToken={ask}
      account="a/b"
      timeZone="UTC"
      refreshKey="0"
    />
  );
  const view = render(element(() => getToken()));
  await expect.poll(() => screen.queryByText("Showing 1–1 of 1")).toBeTruthy();
  view.rerender(element(() => getToken()));
  const user = userEvent.setup({ delay: null });
  await user.click(button(/3 calls/));
  await expect.poll(() => sent.length).toBe(2);
  await user.click(screen.getByRole("radio", { name: "Used" }));
  await expect.poll(() => sent.length).toBe(3);
  expect(sent).toEqual([
    "GET http://127.0.0.1:9/credits/v1/accounts/a%2Fb/activity?filter=all&page=1&perPage=8 Bearer token-1",
    "GET http://127.0.0.1:9/credits/v1/accounts/a%2Fb/activity/1/entries?limit=20 Bearer token-1",
    "GET http://127.0.0.1:9/credits/v1/accounts/a%2Fb/activity?filter=used&page=1&perPage=8 Bearer token-1",
  ]);
  expect(getToken).toHaveBeenCalledTimes(1);
  vi.unstubAllGlobals();
});

test("a real client works, and strict mode loads once", async () => {
  const sent: string[] = [];
  const reader = fakeReader(history(3));
  const client = createLedgerClient({
    baseUrl: "http://127.0.0.1:9",
    key: "t",
    fetch: async (url, init) => {
      init?.signal?.throwIfAborted();
      sent.push(String(url));
      return Response.json(await reader.activity("acme", {}));
    },
  });
  await open(client);
  await expect.poll(shownRows).toEqual([3, 2, 1]);
  expect(sent).toHaveLength(1);
});

test("each label can be replaced by itself, and formats follow the locale", async () => {
  const reader = fakeReader(history(10));
  reader.balance = "1862.28";
  const { container } = await open(reader, {
    locale: "de",
    labels: {
      remaining: ({ credits }) => `Noch ${credits} Guthaben`,
      showing: ({ from, to, total }) => `${from} bis ${to} von ${total}`,
    },
  });
  expect(container.querySelector(".credits-remaining")?.textContent).toBe("Noch 1.862,28 Guthaben");
  expect(screen.getByText("1 bis 8 von 10")).toBeTruthy();
  expect(button("Next")).toBeTruthy();
});

test("“Today” becomes “Yesterday” on a page that stays open over midnight", async () => {
  vi.useFakeTimers({
    toFake: ["Date", "setInterval", "clearInterval"],
    now: new Date("2026-11-22T23:59:30Z"),
  });
  await open(
    fakeReader([row({ position: 1, startedAt: "2026-11-22T10:00:00Z", endedAt: "2026-11-22T10:00:00Z" })]),
  );
  expect(screen.getByText("Today, 10:00")).toBeTruthy();
  vi.advanceTimersByTime(60_000);
  await settle();
  expect(screen.getByText("Yesterday, 10:00")).toBeTruthy();
});

test("actions are beside the balance, and nothing is where there are none", async () => {
  const reader = fakeReader(history(3));
  const { container, rerender } = await open(reader, { actions: <a href="/buy">Buy credits</a> });
  const link = screen.getByRole("link", { name: "Buy credits" });
  expect(link.closest("header")?.querySelector(".credits-remaining")).toBeTruthy();
  for (const actions of [undefined, null, false, ""]) {
    await rerender({ actions });
    expect(container.querySelector(".credits-actions")).toBeNull();
  }
});
