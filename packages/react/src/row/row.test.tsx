import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { row } from "../testing/history.js";
import { fixClock, open, table, tableText } from "../testing/page.js";

fixClock();

test("a group shows its span of time, its common description with its count, and its combined change", async () => {
  const group = row({
    position: 1,
    started_at: "2026-11-22T14:05:10Z",
    ended_at: "2026-11-22T14:09:40Z",
    entries: 14,
    credits: "-18.72",
    balance: "1862.28",
  });
  await open(fakeReader([group]));
  expect(tableText()).toEqual([
    [
      "Today, 14:05 – 14:09",
      "AI usageLanding page rewrite · 14 calls",
      "Claude Sonnet",
      "\u221218.72",
      "Balance1,862.28",
    ],
  ]);
});

test("a group whose entries differ shows how many of what it holds", async () => {
  const values = {
    common_description: null,
    description: "6 steps",
    kind: "build_usage",
    entries: 6,
  } as const;
  await open(fakeReader([row({ position: 1, ...values, title: "Build usage" })]));
  expect(tableText()[0]?.[1]).toBe("Build usage6 steps");
});

test("times are time elements with a machine-readable value", async () => {
  const group = row({
    position: 1,
    started_at: "2026-11-20T10:05:00.123456Z",
    ended_at: "2026-11-20T10:09:00Z",
  });
  await open(fakeReader([group]));
  const times = [...table().querySelectorAll("time")].map((time) => [time.textContent, time.dateTime]);
  expect(times).toEqual([
    ["Nov 20, 10:05", "2026-11-20T10:05:00.123Z"],
    ["10:09", "2026-11-20T10:09:00.000Z"],
  ]);
});

test("a discount shows its badge, the original amount struck through and what was charged", async () => {
  const discounted = { credits: "-18.72", original_credits: "-23.4", discount_percent: 20 } as const;
  await open(fakeReader([row({ position: 1, ...discounted })]));
  expect(screen.getByText("20% off")).toBeTruthy();
  const struck = table().querySelector("s");
  expect(struck?.textContent).toBe("\u221223.40");
  // A strike is not read out, so the sentence before it says what it means.
  expect(struck?.getAttribute("aria-hidden")).toBe("true");
  expect(screen.getByText("Originally \u221223.40, now").className).toBe("credits-hidden");
  expect(table().querySelector(".credits-moved")?.textContent).toBe("\u221218.72");
});

test("signs tell added from used where colours can't", async () => {
  const added = row({ position: 2, kind: "refund", category: "adjustments", credits: "37" });
  await open(fakeReader([added, row({ position: 1, credits: "-37" })]));
  expect(tableText().map((cells) => cells[3])).toEqual(["+37.00", "\u221237.00"]);
});

test("figures stand from left to right in any direction of writing", async () => {
  await open(fakeReader([row({ position: 1, original_credits: "-2" })]));
  const figures = [...table().querySelectorAll(".credits-figure")];
  expect(figures).toHaveLength(3);
  for (const figure of figures) expect(figure.getAttribute("dir")).toBe("ltr");
});

test("a row without a source shows its project, and one without both shows nothing", async () => {
  const rows = [
    row({ position: 2, source: null, project: "Acme Storefront" }),
    row({
      position: 1,
      source: null,
      description: null,
      common_description: null,
      kind: "expiry",
      category: "adjustments",
    }),
  ];
  await open(fakeReader(rows));
  expect(tableText().map((cells) => cells[2])).toEqual(["Acme Storefront", ""]);
  expect(tableText()[1]?.[1]).toBe("AI usage");
});
