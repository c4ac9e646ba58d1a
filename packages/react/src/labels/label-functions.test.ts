import type { ActivityFilter } from "@credit-activity/client";
import { expect, test, vi } from "vitest";
import { row } from "../testing/history.js";
import { defaultLabels } from "./english.js";
import { rowCount, toLabelFunctions } from "./label-functions.js";
import type { Labels } from "./labels.js";

const range = (total: number) => ({ from: "1", to: "8", total: String(total), number: total });

test("the English labels are data, which a server component can pass", () => {
  expect(JSON.parse(JSON.stringify(defaultLabels))).toEqual(defaultLabels);
  const names = (data: object): unknown[] =>
    Object.values(data).flatMap((value) => (typeof value === "object" ? names(value) : typeof value));
  expect(new Set(names(defaultLabels))).toEqual(new Set(["string"]));
});

test("a label is a string with the names of its values, or a function", () => {
  const showing = vi.fn(() => "all of them");
  const labels = toLabelFunctions({ announcement: "{total}: {from}–{to}, {total} {unknown} {}", showing });
  expect(labels.announcement(range(20))).toBe("20: 1–8, 20 {unknown} {}");
  expect(labels.showing(range(20))).toBe("all of them");
  expect(showing).toHaveBeenCalledWith(range(20));
  expect(labels.title()).toBe("Credit Activity");
});

test("a value with braces or a dollar sign stays as it is", () => {
  const labels = toLabelFunctions({ describedCount: "{count}: {description}" });
  expect(labels.describedCount({ description: "{count} $& $1", count: "2 calls" })).toBe(
    "2 calls: {count} $& $1",
  );
});

test("a label has plural forms by the rules of its language", () => {
  const showing = {
    one: "{total} wpis",
    few: "{total} wpisy",
    many: "{total} wpisów",
    other: "{total} wpisu",
  };
  const polish = toLabelFunctions({ showing }, "pl");
  expect([1, 2, 5, 22].map((total) => polish.showing(range(total)))).toEqual([
    "1 wpis",
    "2 wpisy",
    "5 wpisów",
    "22 wpisy",
  ]);
  const german = toLabelFunctions({ showing: { one: "{total} Zeile", other: "{total} Zeilen" } }, "de");
  expect([1, 21].map((total) => german.showing(range(total)))).toEqual(["1 Zeile", "21 Zeilen"]);
});

test("an amount has the plural form of a number with decimals", () => {
  const remaining = { one: "{credits} crédit restant", other: "{credits} crédits restants" };
  const english = { one: "{credits} credit", other: "{credits} credits" };
  const values = { credits: "1.00", number: 1 };
  expect(toLabelFunctions({ remaining }, "fr").remaining(values)).toBe("1.00 crédit restant");
  expect(toLabelFunctions({ remaining: english }, "en").remaining(values)).toBe("1.00 credits");
});

test("a missing plural form is replaced by other", () => {
  const labels = toLabelFunctions({ showing: { other: "{total} in all" } }, "pl");
  expect(labels.showing(range(2))).toBe("2 in all");
});

test("a label with choices can replace some of them", () => {
  const given: Partial<Labels> = {
    filter: { all: "Alle" },
    kindTitle: { ai_usage: "KI-Nutzung" },
    failureReason: { forbidden: "Kein Zugriff.", other: "Bitte erneut versuchen." },
  };
  const labels = toLabelFunctions(given, "de");
  const filters: ActivityFilter[] = ["all", "used"];
  expect(filters.map((filter) => labels.filter({ filter }))).toEqual(["Alle", "Used"]);
  expect(["ai_usage", "refund", "custom", "constructor"].map((kind) => labels.kindTitle({ kind }))).toEqual([
    "KI-Nutzung",
    "Credit refund",
    null,
    null,
  ]);
  expect(["forbidden", "unavailable", "new_code"].map((code) => labels.failureReason({ code }))).toEqual([
    "Kein Zugriff.",
    "The server can’t be reached. Check your connection.",
    "Bitte erneut versuchen.",
  ]);
});

test("nouns of a kind follow the page's language, and those of the ledger its own", () => {
  const count = (values: object, locale: string, labels: Partial<Labels> = {}) => {
    const counted = row({ position: 1, entries: 21, ...values });
    return rowCount(counted, "21", toLabelFunctions(labels, locale));
  };
  const kindNoun = { ai_usage: { one: "запрос", few: "запроса", many: "запросов", other: "запроса" } };
  expect(count({}, "ru", { kindNoun })).toBe("21 запрос");
  // The English words of the page, on a page in Russian.
  expect(count({}, "ru")).toBe("21 calls");
  expect(count({ kind: "image", nouns: { one: "image", other: "images" } }, "ru")).toBe("21 images");
  expect(count({ kind: "image", nouns: null, entries: 1 }, "ru")).toBe("21 entry");
  expect(count({}, "en", { usageCount: "{noun}: {count}" })).toBe("calls: 21");
});
