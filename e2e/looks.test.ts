import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { activityPath, next, settled, walkToEnd } from "./activity.js";
import { checkAccessibility } from "./browser.js";
import { eventually, useStage, type View, wide } from "./stage.js";

const stage = useStage();

const narrow: View = { width: 320, height: 640, scheme: "light" };
const views: readonly View[] = [wide, { ...wide, scheme: "dark" }, narrow, { ...narrow, scheme: "dark" }];

/** The tabs of Account Settings, by their addresses, and what each has when it is complete. */
const tabs = {
  profile: "Member since",
  appearance: "Follows this device",
  "plans-and-credits": "Credits remaining",
  "credit-activity": "Showing 1–8 of",
} as const;

async function openTab(page: Page, tab: keyof typeof tabs): Promise<void> {
  await page.evaluate((hash) => location.assign(hash), `#settings/${tab}`);
  await page.getByRole("dialog").getByText(tabs[tab]).first().waitFor();
  await eventually(() => page.getByRole("dialog").locator("[class*=skeleton]").count()).toBe(0);
}

/** Opens the page, or reloads it, as the account on which nothing has happened. */
async function openEmptyAccount(page: Page): Promise<void> {
  await page.evaluate(() => localStorage.setItem("plinth.account", "fresh"));
  await page.goto(activityPath);
  await page.reload();
  await page.getByText("No activity yet").waitFor();
}

async function expandFirstGroup(page: Page): Promise<void> {
  await page.locator(".credits-disclosure").first().click();
  await eventually(() => page.locator(".credits-entry .credits-moved").count()).toBeGreaterThan(1);
}

async function withRunningTask(page: Page, look: () => Promise<void>): Promise<void> {
  await page.getByRole("button", { name: "Start task" }).click();
  await page.getByText("Working", { exact: true }).waitFor();
  try {
    await look();
  } finally {
    await stage.demo.demo("/tasks", { account: "acme", project: "storefront", action: "stop" });
  }
}

test.each(views)("no state breaks a rule of accessibility at $width x $height, $scheme", async (view) => {
  const session = await stage.open("/", view);
  const { page, context } = session;
  const found: object[] = [];
  const check = async (state: string) => {
    const violations = await checkAccessibility(page);
    found.push(...violations.map((violation) => ({ state, ...violation })));
  };
  await page.getByTestId("balance").getByText(/\d/).waitFor();
  const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const lightness = Number(/\d+/.exec(background)?.[0]);
  expect(lightness > 128 ? "light" : "dark", background).toBe(view.scheme);
  await check("home");
  await page.getByRole("button", { name: /^Account menu:/ }).click();
  await page.getByRole("button", { name: "Account settings" }).waitFor();
  await check("account menu");
  await page.keyboard.press("Escape");
  await withRunningTask(page, () => check("running task"));
  for (const tab of Object.keys(tabs) as (keyof typeof tabs)[]) {
    await openTab(page, tab);
    await check(tab);
  }
  await expandFirstGroup(page);
  await check("expanded row");

  session.expectError(/net::ERR_FAILED .*\/activity\?/);
  await context.route("**/activity?*", (route) => route.abort());
  await next(page).click();
  await page.locator(".credits-failure", { hasText: "The previous rows are still shown" }).waitFor();
  await check("failed change");
  await page.reload();
  await page.locator(".credits-failure", { hasText: "Credit activity couldn’t be loaded." }).waitFor();
  await check("failed first load");
  await context.unroute("**/activity?*");

  await openEmptyAccount(page);
  await check("empty account");
  expect(found).toEqual([]);
});

/** Returns the elements that reach beyond the window's sides, except strips that scroll, shortened and hidden text. */
async function beyondSides(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isHidden = (element: Element) =>
      element.closest(".credits-hidden, .hidden, [aria-hidden=true], [popover]:not(:popover-open)") !== null;
    const mayBeCut = (element: Element) => {
      for (let parent = element.parentElement; parent !== null; parent = parent.parentElement) {
        const { overflowX, textOverflow } = getComputedStyle(parent);
        if (textOverflow === "ellipsis") return true;
        if (/auto|scroll/.test(overflowX) && parent.matches("nav, [role=tablist]")) return true;
      }
      return false;
    };
    const wrong: string[] = [];
    const width = document.documentElement.clientWidth;
    for (const element of document.body.querySelectorAll("*")) {
      if (isHidden(element) || mayBeCut(element)) continue;
      const { left, right, width: own } = element.getBoundingClientRect();
      if (own > 1 && (left < -0.5 || right > width + 0.5)) {
        wrong.push(`${element.tagName}.${element.getAttribute("class")} from ${left} to ${right}`);
      }
    }
    for (const element of [document.scrollingElement, document.querySelector(".settings-content")]) {
      if (element === null || element.scrollWidth <= element.clientWidth) continue;
      wrong.push(`${element.tagName}.${element.className} scrolls to ${element.scrollWidth}`);
    }
    return wrong;
  });
}

test.each([
  { dir: "ltr", ...narrow },
  { dir: "rtl", ...narrow },
  { dir: "rtl", ...wide },
] as const)("nothing scrolls sideways at $width, $dir", async ({ dir, ...view }) => {
  const { page } = await stage.open("/", view);
  const found: object[] = [];
  const check = async (state: string) => {
    const width = await page.evaluate(() => document.scrollingElement?.scrollWidth);
    const wrong = await beyondSides(page);
    if (width !== view.width || wrong.length > 0) found.push({ state, width, wrong });
  };
  await page.getByTestId("balance").getByText(/\d/).waitFor();
  await page.evaluate((to) => document.documentElement.setAttribute("dir", to), dir);
  await check("home");
  await withRunningTask(page, () => check("running task"));
  for (const tab of Object.keys(tabs) as (keyof typeof tabs)[]) {
    await openTab(page, tab);
    await check(tab);
  }
  await expandFirstGroup(page);
  await check("expanded row");
  let number = 1;
  await walkToEnd(page, async () => check(`page ${number++}`));
  expect(found).toEqual([]);
});

/** Where the figures of a column end on each side, rounded to half a pixel. */
async function edges(page: Page, selector: string): Promise<{ left: number[]; right: number[] }> {
  return page.evaluate((figures) => {
    const boxes = [...document.querySelectorAll(figures)].map((figure) => figure.getBoundingClientRect());
    const distinct = (values: number[]) => [...new Set(values.map((value) => Math.round(value * 2) / 2))];
    return {
      left: distinct(boxes.map(({ left }) => left)),
      right: distinct(boxes.map(({ right }) => right)),
    };
  }, selector);
}

test.each([
  { dir: "ltr", ...wide },
  { dir: "rtl", ...wide },
  { dir: "ltr", ...narrow },
  { dir: "rtl", ...narrow },
] as const)("figures of a column end at one line at $width, $dir", async ({ dir, ...view }) => {
  // A row that names no source is laid out like the others.
  const spend = { credits: "0.5", description: "Due to nothing in particular" };
  await stage.demo.api("POST", "/v1/accounts/acme/spend", spend);
  const { page } = await stage.open(activityPath, view);
  await settled(page);
  await page.evaluate((to) => document.documentElement.setAttribute("dir", to), dir);
  const check = async () => {
    for (const column of [".credits-moved", ".credits-cell-balance .credits-figure"]) {
      const { left, right } = await edges(page, column);
      // Where figures stand in columns their points line up; in the cards of a narrow page they end at the edge.
      expect(dir === "ltr" || view.width === wide.width ? right : left, column).toHaveLength(1);
    }
  };
  await walkToEnd(page, check);
  await check();
});
