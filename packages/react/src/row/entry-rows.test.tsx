import type { Entry } from "@credit-activity/client";
import { expect, test } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { entriesOf, row } from "../testing/history.js";
import { announcement, button, fixClock, open, settle, table, tableText } from "../testing/page.js";

fixClock();

const group = row({ position: 1, entries: 3, credits: "-1", balance: "99" });

function grouped(count = 3) {
  const reader = fakeReader([{ ...group, entries: count }]);
  reader.entries.set(
    1,
    entriesOf(group, count === 3 ? ["-0.5", "-0.25", "-0.25"] : Array(count).fill("-0.25")),
  );
  return reader;
}

test("a group's button shows its entries, which load once on the first click", async () => {
  const reader = grouped();
  const { user } = await open(reader);
  expect(reader.entryCalls).toHaveLength(0);
  expect(button(/3 calls/).getAttribute("aria-expanded")).toBe("false");
  await user.click(button(/3 calls/));
  expect(button(/3 calls/).getAttribute("aria-expanded")).toBe("true");
  expect(tableText().slice(1)).toEqual([
    ["10:05:00", "Entry 1", "", "\u22120.50", ""],
    ["10:05:00", "Entry 2", "", "\u22120.25", ""],
    ["10:05:00", "Entry 3", "", "\u22120.25", ""],
  ]);
  expect(announcement()).toBe("Showing 3 of 3 entries");
  await user.click(button(/3 calls/));
  expect(tableText()).toHaveLength(1);
  await user.click(button(/3 calls/));
  expect(tableText()).toHaveLength(4);
  expect(reader.entryCalls).toHaveLength(1);
});

test("the decimals of a page include those of the entries on the screen", async () => {
  const reader = grouped();
  reader.entries.set(1, entriesOf(group, ["-0.333333", "-0.333333", "-0.333334"]));
  const { user } = await open(reader);
  expect(tableText()[0]?.[3]).toBe("\u22121.00");
  await user.click(button(/3 calls/));
  expect(tableText().map((cells) => cells[3])).toEqual([
    "\u22121.000000",
    "\u22120.333333",
    "\u22120.333333",
    "\u22120.333334",
  ]);
});

test("placeholders stand in for loading entries, and closing the row aborts the request", async () => {
  const reader = grouped();
  reader.hold = true;
  const { user } = await open(reader);
  reader.pageCalls.at(-1)?.respond();
  await settle();
  await user.click(button(/3 calls/));
  expect(table().querySelectorAll("tbody tr")).toHaveLength(4);
  await user.click(button(/3 calls/));
  expect(reader.entryCalls[0]?.signal?.aborted).toBe(true);
  expect(tableText()).toHaveLength(1);
});

test("entries that failed to load can be retried, and the focus is kept", async () => {
  const reader = grouped();
  const { user } = await open(reader);
  reader.failWith = "unavailable";
  await user.click(button(/3 calls/));
  expect(tableText()[1]?.[0]).toContain("These entries couldn’t be loaded.");
  expect(announcement()).toContain("These entries couldn’t be loaded.");
  reader.failWith = null;
  await user.click(button("Retry"));
  expect(tableText()).toHaveLength(4);
  expect(document.activeElement).toBe(button(/3 calls/));
});

test("a long group loads in parts", async () => {
  const reader = grouped(31);
  const { user } = await open(reader);
  await user.click(button(/31 calls/));
  expect(tableText()).toHaveLength(1 + 20 + 1);
  await user.click(button("Show more, 20 of 31 shown"));
  expect(tableText()).toHaveLength(1 + 31);
  expect(reader.entryCalls.map((call) => call.query.cursor)).toEqual([undefined, "20"]);
  expect(document.activeElement).toBe(button(/31 calls/));
});

test("an open group that grows loads its new entries without an announcement", async () => {
  const reader = grouped();
  const { user, rerender } = await open(reader);
  await user.click(button(/3 calls/));
  const before = announcement();
  reader.entries.set(1, entriesOf(group, ["-0.5", "-0.25", "-0.25", "-4"]));
  reader.rows = [{ ...group, entries: 4, credits: "-5", balance: "95" }];
  await rerender({ refreshKey: 1 });
  await settle();
  expect(tableText().map((cells) => cells[3])).toEqual([
    "\u22125.00",
    "\u22120.50",
    "\u22120.25",
    "\u22120.25",
    "\u22124.00",
  ]);
  expect(announcement()).toBe(before);
});

test("the entries of a row with various sources or discounts show their own", async () => {
  const shared = row({
    ...{ position: 1, entries: 3, credits: "-3", balance: "97", description: null, source: null },
    various: ["source", "discount"],
  });
  const reader = fakeReader([shared]);
  const [first, second, third] = entriesOf(shared, ["-1", "-1", "-1"]) as [Entry, Entry, Entry];
  reader.entries.set(1, [
    { ...first, source: { type: "model", id: "a", label: "Model A" } },
    { ...second, originalCredits: "-2", discountPercent: 50 },
    { ...third, project: { id: "shop", label: "Shop" } },
  ]);
  const { user } = await open(reader);
  expect(tableText()[0]?.[2]).toBe("Various sources");
  await user.click(button(/3 calls/));
  expect(tableText().map((cells) => cells[2])).toEqual(["Various sources", "Model A", "", "Shop"]);
  expect(tableText()[2]?.[3]).toContain("50% off");
});
