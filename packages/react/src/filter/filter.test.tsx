import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history } from "../testing/history.js";
import { announcement, button, down, fixClock, open, settle, shownRows, table } from "../testing/page.js";

fixClock();

const radio = (name: string) => screen.getByRole<HTMLInputElement>("radio", { name });

test("the filter is a fieldset of native radios with a legend", async () => {
  await open(fakeReader(history(3)));
  const group = screen.getByRole("group", { name: "Show activity" });
  expect(group.tagName).toBe("FIELDSET");
  const radios = within(group).getAllByRole<HTMLInputElement>("radio");
  expect(radios.map((one) => [one.tagName, one.type, one.value])).toEqual([
    ["INPUT", "radio", "all"],
    ["INPUT", "radio", "added"],
    ["INPUT", "radio", "used"],
    ["INPUT", "radio", "adjustments"],
  ]);
  expect(new Set(radios.map((one) => one.name)).size).toBe(1);
  expect(radio("All").checked).toBe(true);
});

test("a change of the filter returns to page 1", async () => {
  const reader = fakeReader(history(60));
  const { user } = await open(reader);
  await user.click(button("Next"));
  await user.click(radio("Used"));
  expect(reader.pageCalls.at(-1)?.query).toMatchObject({ filter: "used", page: 1 });
  expect(screen.getByText("Showing 1–8 of 20")).toBeTruthy();
  expect(announcement()).toBe("Showing 1 to 8 of 20");
  expect(table().caption?.textContent).toBe("Credits used, newest first");
});

test("a cached filter shows its rows at once and then loads newer ones", async () => {
  const reader = fakeReader(history(12));
  const { user } = await open(reader);
  await user.click(radio("Used"));
  reader.rows = history(14);
  reader.hold = true;
  await user.click(radio("All"));
  expect(shownRows()).toEqual(down(12, 5));
  expect(table().getAttribute("aria-busy")).toBe("false");
  expect(reader.pageCalls.at(-1)?.query).toEqual({ filter: "all", page: 1, perPage: 8 });
  reader.pageCalls.at(-1)?.respond();
  await settle();
  expect(shownRows()).toEqual(down(14, 7));
});

test("a cached filter keeps its rows and shows a message if the newer ones fail to load", async () => {
  const reader = fakeReader(history(12));
  const { user } = await open(reader);
  await user.click(radio("Used"));
  reader.failWith = "unavailable";
  await user.click(radio("All"));
  expect(shownRows()).toEqual(down(12, 5));
  expect(screen.getAllByText(/The latest activity couldn’t be loaded/).length).toBeGreaterThan(0);
});

test("the last selected filter wins, whatever the order of the responses", async () => {
  const reader = fakeReader(history(12));
  const { user } = await open(reader);
  reader.hold = true;
  await user.click(radio("Added"));
  await user.click(radio("Used"));
  const [added, used] = reader.pageCalls.slice(-2);
  expect(added?.signal?.aborted).toBe(true);
  used?.respond();
  await settle();
  added?.respond();
  await settle();
  expect(shownRows()).toEqual([11, 8, 5, 2]);
});
