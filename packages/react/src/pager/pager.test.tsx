import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history } from "../testing/history.js";
import { announcement, button, down, fixClock, open, settle, shownRows, table } from "../testing/page.js";

fixClock();

test("the pager is a named nav whose buttons use aria-disabled and keep the focus", async () => {
  const { user } = await open(fakeReader(history(16)));
  expect(screen.getByRole("navigation", { name: "Pages of credit activity" }).tagName).toBe("NAV");
  expect(button("Previous").getAttribute("aria-disabled")).toBe("true");
  await user.click(button("Next"));
  expect(button("Next").getAttribute("aria-disabled")).toBe("true");
  expect(button("Next").hasAttribute("disabled")).toBe(false);
  expect(document.activeElement).toBe(button("Next"));
  await user.click(button("Next"));
  expect(shownRows()).toEqual(down(8, 1));
});

test("the footer shows the range of rows, and the live region announces it when the page changes", async () => {
  const { user } = await open(fakeReader(history(23)));
  expect(screen.getByText("Showing 1–8 of 23")).toBeTruthy();
  expect(announcement()).toBe("");
  await user.click(button("Next"));
  expect(screen.getByText("Showing 9–16 of 23")).toBeTruthy();
  expect(announcement()).toBe("Showing 9 to 16 of 23");
});

test("loaded pages are not requested again", async () => {
  const reader = fakeReader(history(23));
  const { user } = await open(reader);
  await user.click(button("Next"));
  const before = reader.pageCalls.length;
  await user.click(button("Previous"));
  expect(shownRows()).toEqual(down(23, 16));
  await user.click(button("Next"));
  expect(shownRows()).toEqual(down(15, 8));
  expect(reader.pageCalls).toHaveLength(before);
});

test("later pages are as of the first page", async () => {
  const reader = fakeReader(history(23));
  const { user } = await open(reader);
  reader.rows = history(26);
  reader.balance = "999";
  await user.click(button("Next"));
  expect(reader.pageCalls.at(-1)?.query.asOf).toBeTruthy();
  expect(shownRows()).toEqual(down(15, 8));
});

test("a change of the page keeps the balance", async () => {
  const reader = fakeReader(history(23));
  const { user } = await open(reader);
  const balance = document.querySelector(".credits-remaining")?.textContent;
  reader.rows = history(26);
  reader.balance = "999";
  await user.click(button("Next"));
  expect(document.querySelector(".credits-remaining")?.textContent).toBe(balance);
});

test("while a page loads, the old rows and their range stay, and the table is busy", async () => {
  const reader = fakeReader(history(23));
  const { user } = await open(reader);
  reader.hold = true;
  await user.click(button("Next"));
  expect(shownRows()).toEqual(down(23, 16));
  expect(table().getAttribute("aria-busy")).toBe("true");
  expect(screen.getByText("Showing 1–8 of 23")).toBeTruthy();
});

test("quick clicks end on the last page and abort the requests in between", async () => {
  const reader = fakeReader(history(40));
  const { user } = await open(reader);
  reader.hold = true;
  await user.click(button("Next"));
  await user.click(button("Next"));
  await user.click(button("Next"));
  const [second, third, fourth] = reader.pageCalls.slice(-3);
  expect([second, third, fourth].map((call) => call?.query.page)).toEqual([2, 3, 4]);
  expect([second, third, fourth].map((call) => call?.signal?.aborted)).toEqual([true, true, false]);
  fourth?.respond();
  await settle();
  second?.respond();
  third?.fail("unavailable");
  await settle();
  expect(shownRows()).toEqual(down(16, 9));
});
