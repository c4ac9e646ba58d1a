import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { row } from "../testing/history.js";
import { fixClock, open, table, tableText } from "../testing/page.js";

fixClock();

test("a group shows its time span, its common description with the count, and its total", async () => {
  const group = row({
    position: 1,
    startedAt: "2026-11-22T14:05:10Z",
    endedAt: "2026-11-22T14:09:40Z",
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

test("a group without a common description shows the count of its entries", async () => {
  const values = { description: null, kind: "build_usage", entries: 6 } as const;
  await open(fakeReader([row({ position: 1, ...values, title: "Build usage" })]));
  expect(tableText()[0]?.[1]).toBe("Build usage6 steps");
});

test("a kind has the page's words, and a configured kind has the ledger's", async () => {
  const ledgerWords = { title: "From the ledger", nouns: { one: "image", other: "images" } };
  const rows = [
    row({ position: 3, kind: "image_usage", description: null, entries: 2, ...ledgerWords }),
    row({ position: 2, kind: "image_usage", description: null, nouns: null, title: "Video usage" }),
    row({ position: 1, kind: "ai_usage", description: null, nouns: ledgerWords.nouns }),
  ];
  const kindTitle = ({ kind }: { readonly kind: string }) => (kind === "ai_usage" ? "KI-Nutzung" : null);
  await open(fakeReader(rows), { labels: { kindTitle } });
  expect(tableText().map((cells) => cells[1])).toEqual([
    "From the ledger2 images",
    "Video usage1 entry",
    "KI-Nutzung1 call",
  ]);
});

test("a configured kind may have the name of a member that every object has", async () => {
  const words = { title: "Site builder", nouns: { one: "page", other: "pages" } };
  await open(
    fakeReader([row({ position: 1, kind: "constructor", description: null, entries: 2, ...words })]),
  );
  expect(tableText()[0]?.[1]).toBe("Site builder2 pages");
});

test("a title given with an entry replaces the page's words", async () => {
  const given = { kind: "bonus", type: "grant", category: "added", title: "Launch bonus" } as const;
  await open(fakeReader([row({ position: 1, ...given })]), { labels: { kindTitle: () => "Bonus" } });
  expect(tableText()[0]?.[1]).toBe("Launch bonusLanding page rewrite");
});

test("times are time elements with a machine-readable value", async () => {
  const group = row({
    position: 1,
    startedAt: "2026-11-20T10:05:00.123456Z",
    endedAt: "2026-11-20T10:09:00Z",
  });
  await open(fakeReader([group]));
  const times = [...table().querySelectorAll("time")].map((time) => [time.textContent, time.dateTime]);
  expect(times).toEqual([
    ["Nov 20, 10:05", "2026-11-20T10:05:00.123Z"],
    ["10:09", "2026-11-20T10:09:00.000Z"],
  ]);
});

test("a discount shows its badge, the original amount struck through and the amount charged", async () => {
  const discounted = { credits: "-18.72", originalCredits: "-23.4", discountPercent: 20 } as const;
  await open(fakeReader([row({ position: 1, ...discounted })]));
  expect(screen.getByText("20% off")).toBeTruthy();
  const struck = table().querySelector("s");
  expect(struck?.textContent).toBe("\u221223.40");
  // Screen readers skip the strike, so a hidden label comes before it.
  expect(struck?.getAttribute("aria-hidden")).toBe("true");
  expect(screen.getByText("Originally \u221223.40, now").className).toBe("credits-hidden");
  expect(table().querySelector(".credits-moved")?.textContent).toBe("\u221218.72");
});

test("signs distinguish added from used credits without color", async () => {
  const added = row({
    position: 2,
    kind: "refund",
    type: "correction",
    category: "adjustments",
    credits: "37",
  });
  await open(fakeReader([added, row({ position: 1, credits: "-37" })]));
  expect(tableText().map((cells) => cells[3])).toEqual(["+37.00", "\u221237.00"]);
});

test("figures run from left to right in every direction of writing", async () => {
  await open(fakeReader([row({ position: 1, originalCredits: "-2" })]));
  const figures = [...table().querySelectorAll(".credits-figure")];
  expect(figures).toHaveLength(3);
  for (const figure of figures) expect(figure.getAttribute("dir")).toBe("ltr");
});

test("a row whose entries have different sources or projects states that", async () => {
  const shop = { id: "shop", label: "Shop" };
  const labels = { variousSources: () => "Verschiedene Quellen" };
  const rows = [
    row({ position: 5, source: null, project: shop, various: ["source", "task"] }),
    row({ position: 4, source: null, various: ["source", "project"] }),
    row({ position: 3, source: null, various: ["project"] }),
    row({ position: 2, various: ["project", "member"] }),
    row({ position: 1, source: null, project: shop, various: ["task"] }),
  ];
  await open(fakeReader(rows), { labels });
  expect(tableText().map((cells) => cells[2])).toEqual([
    "Verschiedene Quellen",
    "Verschiedene Quellen",
    "Various projects",
    "Claude Sonnet",
    "Shop",
  ]);
});

test("a row without a source shows its project, and a row without both shows nothing", async () => {
  const rows = [
    row({ position: 2, source: null, project: { id: "store", label: "Acme Storefront" } }),
    row({
      position: 1,
      source: null,
      description: null,
      kind: "expiry",
      type: "correction",
      category: "adjustments",
    }),
  ];
  await open(fakeReader(rows));
  expect(tableText().map((cells) => cells[2])).toEqual(["Acme Storefront", ""]);
  expect(tableText()[1]?.[1]).toBe("AI usage");
});
