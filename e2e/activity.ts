import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { type Micros, shownAmount } from "./amounts.js";
import { eventually } from "./stage.js";

/** The address of the tab within the demo. */
export const activityPath = "/#settings/credit-activity";

/** A row as a reader sees it. */
export interface ShownRow {
  readonly startedAt: string;
  readonly title: string;
  readonly description: string;
  readonly source: string;
  readonly badge: string | null;
  /** The struck amount. */
  readonly original: Micros | null;
  readonly credits: Micros;
  readonly creditsText: string;
  readonly balance: Micros;
}

/** The words of the footer. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

type Read = Omit<ShownRow, "original" | "credits" | "balance"> & {
  readonly originalText: string | null;
  readonly balanceText: string;
};

/** The rows on the screen, all read at one moment. With a button's name, it is pressed at that very moment. */
export async function readRows(page: Page, thenPress?: "Next" | "Previous"): Promise<ShownRow[]> {
  const read = await page.evaluate((press): Read[] => {
    const text = (within: Element, selector: string) =>
      within.querySelector(selector)?.textContent?.trim() ?? null;
    const rows = [...document.querySelectorAll(".credits-body > .credits-row:not(.credits-entry)")];
    const found = rows.map((row) => ({
      startedAt: row.querySelector("time")?.dateTime ?? "",
      title: text(row, ".credits-title") ?? "",
      description: text(row, ".credits-description") ?? "",
      source: text(row, ".credits-cell-source") ?? "",
      badge: text(row, ".credits-badge"),
      originalText: text(row, "s"),
      creditsText: text(row, ".credits-moved") ?? "",
      balanceText: text(row, ".credits-cell-balance .credits-figure") ?? "",
    }));
    if (press !== undefined) {
      const buttons = [...document.querySelectorAll<HTMLElement>(".credits-pager button")];
      buttons.find((button) => button.textContent === press)?.click();
    }
    return found;
  }, thenPress);
  return read.map(({ originalText, balanceText, ...row }) => ({
    ...row,
    original: originalText === null ? null : shownAmount(originalText),
    credits: shownAmount(row.creditsText),
    balance: shownAmount(balanceText),
  }));
}

/** The footer's numbers, or null while it says nothing. */
export async function showing(page: Page): Promise<Range | null> {
  const text = await page.evaluate(() => document.querySelector(".credits-showing")?.textContent ?? "");
  const match = /^Showing ([\d,]+)–([\d,]+) of ([\d,]+)$/.exec(text);
  if (match === null) return null;
  const [from = 0, to = 0, total = 0] = match.slice(1).map((part) => Number(part.replaceAll(",", "")));
  return { from, to, total };
}

/** Waits until the page has rows and waits for no more, and says which. */
export async function settled(page: Page): Promise<Range> {
  await eventually(() => isBusy(page)).toBe(false);
  await eventually(() => showing(page)).not.toBeNull();
  return (await showing(page)) as Range;
}

/** True if the table is marked busy. */
export async function isBusy(page: Page): Promise<boolean> {
  return (await table(page).getAttribute("aria-busy")) === "true";
}

export const table = (page: Page): Locator => page.locator("table.credits-table");
export const next = (page: Page): Locator => page.getByRole("button", { name: "Next", exact: true });
export const previous = (page: Page): Locator => page.getByRole("button", { name: "Previous", exact: true });
export const filter = (page: Page, name: string): Locator => page.getByRole("radio", { name, exact: true });

/** Chooses a filter as a pointer does, and waits for its first page. */
export async function chooseFilter(page: Page, name: string): Promise<Range> {
  await filter(page, name).click();
  return settled(page);
}

/**
 * Presses Next until it is off, and gives the rows of each page. Each page's footer must go on where the one before
 * ended. A page is read at the moment at which it is left, so that nothing comes in between.
 *
 * @param linger what to wait for on each page before going on
 */
export async function walkToEnd(page: Page, linger = async () => {}): Promise<ShownRow[][]> {
  const pages: ShownRow[][] = [];
  let range = await settled(page);
  while ((await next(page).getAttribute("aria-disabled")) === "false") {
    await linger();
    const rows = await readRows(page, "Next");
    const { from } = range;
    await eventually(async () => (await showing(page))?.from, "the next page").toBe(from + rows.length);
    pages.push(rows);
    range = await settled(page);
  }
  pages.push(await readRows(page));
  expect(range.to).toBe(range.total);
  return pages;
}

/** Each row's balance is that of the row beneath it plus the row's credits; the first row ever started from nothing. */
export function expectAddingUp(rows: readonly Pick<ShownRow, "credits" | "balance">[]): void {
  const wrong = rows.flatMap(({ credits, balance }, index) => {
    const before = rows[index + 1]?.balance ?? 0n;
    return balance === before + credits ? [] : [{ index, before, credits, balance }];
  });
  expect(wrong, "rows that do not add up with the row beneath them").toEqual([]);
}
