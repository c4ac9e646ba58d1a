import { expect, test, vi } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history, now, row } from "../testing/history.js";
import { announcement, button, down, fixClock, open, settle, shownRows, table } from "../testing/page.js";

fixClock();

async function openPolling(rows = history(23)) {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval", "performance"], now });
  const reader = fakeReader(rows);
  const page = await open(reader, { refreshSeconds: 5 });
  const wait = async (seconds: number) => {
    vi.advanceTimersByTime(seconds * 1000);
    await settle();
  };
  return { reader, wait, ...page };
}

function setVisible(visible: boolean) {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visible ? "visible" : "hidden");
  document.dispatchEvent(new Event("visibilitychange"));
}

test("page 1 reloads every refreshSeconds, without a busy table or an announcement", async () => {
  const { reader, wait } = await openPolling();
  const before = reader.pageCalls.length;
  reader.rows = history(24);
  reader.balance = "777";
  reader.hold = true;
  await wait(5);
  expect(reader.pageCalls).toHaveLength(before + 1);
  expect(reader.pageCalls.at(-1)?.query).toEqual({ filter: "all", page: 1, perPage: 8 });
  expect(table().getAttribute("aria-busy")).toBe("false");
  reader.pageCalls.at(-1)?.respond();
  await settle();
  expect(shownRows()).toEqual(down(24, 17));
  expect(document.querySelector(".credits-remaining")?.textContent).toContain("777.00");
  expect(announcement()).toBe("");
});

test("other pages are not polled", async () => {
  const { reader, wait, user } = await openPolling();
  await user.click(button("Next"));
  const before = reader.pageCalls.length;
  await wait(30);
  expect(reader.pageCalls).toHaveLength(before);
});

test("a hidden document sends no requests, and polls at once when it is visible again", async () => {
  const { reader, wait } = await openPolling();
  setVisible(false);
  const before = reader.pageCalls.length;
  await wait(60);
  expect(reader.pageCalls).toHaveLength(before);
  setVisible(true);
  expect(reader.pageCalls).toHaveLength(before + 1);
  vi.restoreAllMocks();
});

test("a poll without news changes no element, and later pages stay cached", async () => {
  const { reader, wait, user } = await openPolling();
  await user.click(button("Next"));
  await user.click(button("Previous"));
  const changes: MutationRecord[] = [];
  const observer = new MutationObserver((records) => changes.push(...records));
  observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  await wait(5);
  changes.push(...observer.takeRecords());
  observer.disconnect();
  expect(changes).toEqual([]);
  const before = reader.pageCalls.length;
  await user.click(button("Next"));
  expect(reader.pageCalls).toHaveLength(before);
});

test("after a poll with news, later pages are as of the poll", async () => {
  const { reader, wait, user } = await openPolling();
  await user.click(button("Next"));
  await user.click(button("Previous"));
  reader.rows = history(24);
  await wait(5);
  await user.click(button("Next"));
  expect(shownRows()).toEqual(down(16, 9));
});

test("a failed poll leaves the page unchanged", async () => {
  const { reader, wait } = await openPolling();
  reader.failWith = "unavailable";
  await wait(5);
  expect(shownRows()).toEqual(down(23, 16));
  expect(document.querySelector(".credits-failure")).toBeNull();
  expect(announcement()).toBe("");
});

test("a row keeps the focus while it stays, and the table gets it when the row leaves the page", async () => {
  const grouped = (count: number) =>
    history(count).map((one) => ({ ...one, entries: one.position === 16 ? 4 : 1 }));
  const { reader, wait } = await openPolling(grouped(22));
  const toggle = button(/4 calls|4 entries/);
  toggle.focus();
  reader.rows = grouped(23);
  await wait(5);
  expect(document.activeElement).toBe(toggle);
  reader.rows = grouped(24);
  await wait(5);
  expect(shownRows()).toEqual(down(24, 17));
  expect(document.activeElement).toBe(table());
});

test("a request of the user aborts a poll", async () => {
  const { reader, wait, user } = await openPolling();
  reader.hold = true;
  await wait(5);
  const poll = reader.pageCalls.at(-1);
  await user.click(button("Next"));
  expect(poll?.signal?.aborted).toBe(true);
  reader.pageCalls.at(-1)?.respond();
  poll?.respond();
  await settle();
  expect(shownRows()).toEqual(down(15, 8));
});

test("an empty ledger shows its first row without a reload", async () => {
  const { reader, wait } = await openPolling([]);
  reader.rows = [row({ position: 1 })];
  await wait(5);
  expect(table().textContent).toContain("AI usage");
});
