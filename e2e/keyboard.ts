import type { Page } from "playwright-core";

const TABS_MAX = 60;

/** Returns the focused element as assistive technology names it: its role or tag, and its name. */
export async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null) return "nothing";
    const label =
      element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : element.textContent;
    const name = element.getAttribute("aria-label") ?? label ?? "";
    const kind = element.getAttribute("role") ?? (element as HTMLInputElement).type ?? element.tagName;
    return `${kind}: ${name.trim()}`;
  });
}

/** Presses Tab until focus is where it is wanted, as a person would. */
export async function tabTo(page: Page, wanted: RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const passed: string[] = [];
  for (let count = 0; count < TABS_MAX; count++) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (wanted.test(now)) return;
    passed.push(now);
  }
  throw new Error(`${key} does not lead to ${wanted}. It passes: ${passed.join(" | ")}`);
}
