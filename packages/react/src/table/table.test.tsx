import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history, row } from "../testing/history.js";
import { fixClock, open, settle, table, tableText } from "../testing/page.js";

fixClock();

test("the table is native, with a caption, column headers and row headers, and without a grid role", async () => {
  await open(fakeReader(history(3)));
  expect(table().tagName).toBe("TABLE");
  expect(table().caption?.textContent).toBe("All credit activity, newest first");
  const headers = within(table()).getAllByRole("columnheader");
  expect(headers.map((header) => header.textContent)).toEqual([
    "Date",
    "Activity",
    "Source",
    "Credits",
    "Balance",
  ]);
  for (const header of headers) expect(header.getAttribute("scope")).toBe("col");
  const rowHeaders = within(table()).getAllByRole("rowheader");
  expect(rowHeaders).toHaveLength(3);
  for (const header of rowHeaders) expect(header.getAttribute("scope")).toBe("row");
  expect(document.querySelector("[role=grid]")).toBeNull();
});

test("every part of the table has an explicit role", async () => {
  await open(fakeReader(history(3)));
  const roles: Record<string, string> = {
    TABLE: "table",
    THEAD: "rowgroup",
    TBODY: "rowgroup",
    TR: "row",
    TD: "cell",
  };
  for (const element of [table(), ...table().querySelectorAll("thead, tbody, tr, td, th")]) {
    const { scope = "" } = element instanceof HTMLTableCellElement ? element : {};
    const role =
      element.tagName === "TH" ? (scope === "col" ? "columnheader" : "rowheader") : roles[element.tagName];
    expect(element.getAttribute("role")).toBe(role);
  }
});

test("all amounts of a page have the decimals of the most precise one", async () => {
  const rows = [
    row({ position: 2, credits: "-0.125", balance: "9.875" }),
    row({ position: 1, credits: "10", balance: "10", kind: "purchase", type: "grant", category: "added" }),
  ];
  await open(fakeReader(rows));
  expect(tableText().map((cells) => cells.slice(3))).toEqual([
    ["\u22120.125", "Balance9.875"],
    ["+10.000", "Balance10.000"],
  ]);
});

test("the first load shows a placeholder per row and a loading text", async () => {
  const reader = fakeReader(history(20));
  reader.hold = true;
  await open(reader);
  expect(table().getAttribute("aria-busy")).toBe("true");
  expect(table().querySelectorAll("tbody tr")).toHaveLength(8);
  expect(within(table()).getByText("Loading credit activity.")).toBeTruthy();
  reader.pageCalls.at(-1)?.respond();
  await settle();
  expect(table().getAttribute("aria-busy")).toBe("false");
  expect(table().querySelectorAll(".credits-skeleton")).toHaveLength(0);
});

test("an empty ledger describes the rows that will appear", async () => {
  await open(fakeReader([]));
  expect(screen.getByText("No activity yet")).toBeTruthy();
  expect(table().textContent).toContain("Credits you are granted or buy");
  expect(screen.queryByRole("navigation")).toBeNull();
  expect(screen.getByText("0.00")).toBeTruthy();
});

test("an empty filter has its own message", async () => {
  const { user } = await open(fakeReader(history(1)));
  await user.click(screen.getByRole("radio", { name: "Used" }));
  expect(table().textContent).toContain("No credits used yet");
  expect(table().textContent).not.toContain("No activity yet");
});
