import { expect, test, vi } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history, now, row } from "../testing/history.js";
import { announcement, button, down, fixClock, open, settle, shownRows, table } from "../testing/page.js";

fixClock();

async function openPolling(rows = history(23)) {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval", "performance"], now });
  const reader = fakeReader(rows);
  const page = await open(reader, { refreshSeconds: 5 });
  const pass = async (seconds: number) => {
    vi.advanceTimersByTime(seconds * 1000);
    await settle();
  };
  return { reader, pass, ...page };
}

function setVisible(visible: boolean) {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(visible ? "visible" : "hidden");
  document.dispatchEvent(new Event("visibilitychange"));
}

test("page 1 is looked at anew every refreshSeconds, without a busy table or a word", async () => {
  const { reader, pass } = await openPolling();
  const before = reader.pageCalls.length;
  reader.rows = history(24);
  reader.balance = "777";
  reader.hold = true;
  await pass(5);
  expect(reader.pageCalls).toHaveLength(before + 1);
  expect(reader.pageCalls.at(-1)?.query).toEqual({ filter: "all", page: 1, per_page: 8 });
  expect(table().getAttribute("aria-busy")).toBe("false");
  reader.pageCalls.at(-1)?.answer();
  await settle();
  expect(shownRows()).toEqual(down(24, 17));
  expect(document.querySelector(".credits-remaining")?.textContent).toContain("777.00");
  expect(announcement()).toBe("");
});

test("other pages are left alone", async () => {
  const { reader, pass, user } = await openPolling();
  await user.click(button("Next"));
  const before = reader.pageCalls.length;
  await pass(30);
  expect(reader.pageCalls).toHaveLength(before);
});

test("a hidden document asks for nothing, and asks at once when it is seen again", async () => {
  const { reader, pass } = await openPolling();
  setVisible(false);
  const before = reader.pageCalls.length;
  await pass(60);
  expect(reader.pageCalls).toHaveLength(before);
  setVisible(true);
  expect(reader.pageCalls).toHaveLength(before + 1);
  vi.restoreAllMocks();
});

test("when nothing has happened nothing on the screen is touched, and later pages stay loaded", async () => {
  const { reader, pass, user } = await openPolling();
  await user.click(button("Next"));
  await user.click(button("Previous"));
  const changes: MutationRecord[] = [];
  const observer = new MutationObserver((records) => changes.push(...records));
  observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  await pass(5);
  changes.push(...observer.takeRecords());
  observer.disconnect();
  expect(changes).toEqual([]);
  const before = reader.pageCalls.length;
  await user.click(button("Next"));
  expect(reader.pageCalls).toHaveLength(before);
});

test("when something has happened later pages are loaded as of then", async () => {
  const { reader, pass, user } = await openPolling();
  await user.click(button("Next"));
  await user.click(button("Previous"));
  reader.rows = history(24);
  await pass(5);
  await user.click(button("Next"));
  expect(shownRows()).toEqual(down(16, 9));
});

test("a failed look leaves the page as it is", async () => {
  const { reader, pass } = await openPolling();
  reader.failWith = "unavailable";
  await pass(5);
  expect(shownRows()).toEqual(down(23, 16));
  expect(document.querySelector(".credits-failure")).toBeNull();
  expect(announcement()).toBe("");
});

test("a row keeps focus while it stays, and gives it to the table when it leaves the page", async () => {
  const grouped = (count: number) =>
    history(count).map((one) => ({ ...one, entries: one.position === 16 ? 4 : 1 }));
  const { reader, pass } = await openPolling(grouped(22));
  const toggle = button(/4 calls|4 entries/);
  toggle.focus();
  reader.rows = grouped(23);
  await pass(5);
  expect(document.activeElement).toBe(toggle);
  reader.rows = grouped(24);
  await pass(5);
  expect(shownRows()).toEqual(down(24, 17));
  expect(document.activeElement).toBe(table());
});

test("a look gives way to what the reader asks for", async () => {
  const { reader, pass, user } = await openPolling();
  reader.hold = true;
  await pass(5);
  const look = reader.pageCalls.at(-1);
  await user.click(button("Next"));
  expect(look?.signal?.aborted).toBe(true);
  reader.pageCalls.at(-1)?.answer();
  look?.answer();
  await settle();
  expect(shownRows()).toEqual(down(15, 8));
});

test("an empty ledger comes to life by itself", async () => {
  const { reader, pass } = await openPolling([]);
  reader.rows = [row({ position: 1 })];
  await pass(5);
  expect(table().textContent).toContain("AI usage");
});
