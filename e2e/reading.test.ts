import { expect, test } from "vitest";
import {
  activityPath,
  chooseFilter,
  expectAddingUp,
  isBusy,
  next,
  previous,
  readRows,
  settled,
  showing,
  table,
  walkToEnd,
} from "./activity.js";
import { shownAmount, wireAmount } from "./amounts.js";
import { focused, tabTo } from "./keyboard.js";
import { eventually, type Session, useStage } from "./stage.js";

const stage = useStage();

interface WireRow {
  readonly category: string;
  readonly title: string;
  readonly credits: string;
  readonly balance: string;
}

/** All rows of the account with the history as the API gives them, newest first. */
async function wireRows(filter = "all"): Promise<WireRow[]> {
  const path = `/v1/accounts/acme/activity?filter=${filter}&perPage=100`;
  const { rows, total } = await stage.demo.api<{ rows: WireRow[]; total: number }>("GET", path);
  expect(rows).toHaveLength(total);
  return rows;
}

test("the first page shows groups, a discount, corrections, and which rows of how many", async () => {
  const { page } = await stage.open(activityPath);
  const range = await settled(page);
  const rows = await readRows(page);
  expect(range).toEqual({ from: 1, to: 8, total: (await wireRows()).length });
  expect(rows).toHaveLength(8);

  const texts = rows.map((row) => row.description);
  expect(texts).toContainEqual(expect.stringMatching(/ · \d+ calls$/));
  expect(texts).toContainEqual(expect.stringMatching(/ · \d+ steps$/));
  expect(texts).toContainEqual(expect.stringMatching(/ · \d+ events$/));

  const discounted = rows.find((row) => row.badge === "20% off");
  if (discounted?.original == null) throw new Error("No row has a discount of 20% and a struck amount.");
  expect(discounted.credits * 100n).toBe(discounted.original * 80n);
  const struck = page.locator("s.credits-original").first();
  expect(await struck.evaluate((s) => getComputedStyle(s).textDecorationLine)).toBe("line-through");

  const titles = rows.map((row) => row.title);
  expect(titles).toEqual(
    expect.arrayContaining(["AI usage", "Build usage", "Runtime usage", "Purchased credits added"]),
  );
  expect(titles).toEqual(expect.arrayContaining(["Credit refund", "Credit adjustment"]));
  for (const row of rows) expect(row.creditsText).toMatch(row.credits > 0n ? /^\+\d/ : /^\u2212\d/);
  const shown = await page.locator(".credits-remaining strong").innerText();
  expect(shownAmount(shown)).toBe(rows[0]?.balance);
});

test("a filter returns to the first page and shows what is of its kind only", async () => {
  const { page } = await stage.open(activityPath);
  await settled(page);
  for (const name of ["Added", "Used", "Adjustments", "All"]) {
    if ((await next(page).getAttribute("aria-disabled")) === "false") {
      await next(page).click();
      await eventually(async () => (await showing(page))?.from).toBe(9);
    }
    const range = await chooseFilter(page, name);
    const wire = await wireRows(name.toLowerCase());
    expect(wire.length, name).toBeGreaterThan(0);
    expect(range).toEqual({ from: 1, to: Math.min(8, wire.length), total: wire.length });
    if (name !== "All")
      expect(new Set(wire.map((row) => row.category))).toEqual(new Set([name.toLowerCase()]));
    const seen = (await readRows(page)).map(({ title, credits }) => ({ title, credits }));
    expect(seen).toEqual(
      wire.slice(0, 8).map(({ title, credits }) => ({ title, credits: wireAmount(credits) })),
    );
  }
});

test("all pages together hold every row once, and each row adds up with the one beneath it", async () => {
  const { page } = await stage.open(activityPath);
  const { total } = await settled(page);
  const rows = (await walkToEnd(page)).flat();
  expect(rows).toHaveLength(total);
  expect(new Set(rows.map((row) => `${row.startedAt} ${row.title} ${row.balance}`)).size).toBe(total);
  expectAddingUp(rows);
  const wire = await wireRows();
  expect(rows.map(({ title, credits, balance }) => ({ title, credits, balance }))).toEqual(
    wire.map(({ title, credits, balance }) => ({
      title,
      credits: wireAmount(credits),
      balance: wireAmount(balance),
    })),
  );
});

test("the entries behind each group come to what the group took", async () => {
  const { page } = await stage.open(activityPath);
  await settled(page);
  const rows = await readRows(page);
  for (const [index, row] of rows.entries()) {
    const count = Number(/ · (\d+) (?:calls|steps|events)$/.exec(row.description)?.[1] ?? 1);
    if (count === 1) continue;
    const button = page.locator(".credits-row:not(.credits-entry)").nth(index).getByRole("button");
    const amounts = page.locator(".credits-entry .credits-moved");
    await button.click();
    await eventually(() => amounts.count()).toBe(Math.min(20, count));
    if (count > 20) await page.getByRole("button", { name: `Show more, 20 of ${count} shown` }).click();
    await eventually(() => amounts.count()).toBe(count);
    const sum = (await amounts.allInnerTexts()).reduce((before, text) => before + shownAmount(text), 0n);
    expect(sum, row.description).toBe(row.credits);
    await button.click();
    await eventually(() => amounts.count()).toBe(0);
  }
});

test("the page sends GET requests to the API only, and asks for no page twice", async () => {
  const session = await stage.open("/");
  const { page } = session;
  await page.getByTestId("balance").getByText(/\d/).waitFor();
  const before = session.sent.length;
  await page.evaluate((path) => location.assign(path), activityPath);
  const { total } = await settled(page);
  // A document nobody sees is not polled, so that from here on each request is one that the reader caused.
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
  });
  const loaded = pagesAskedFor(session).length;
  await walkToEnd(page);
  const pages = Math.ceil(total / 8);
  const later = Array.from({ length: pages - 1 }, (_, index) => String(index + 2));
  expect(pagesAskedFor(session).slice(loaded)).toEqual(later);

  for (let number = pages; number > 1; number--) {
    const { from } = await settled(page);
    await previous(page).click();
    await eventually(async () => (await showing(page))?.from).toBe(from - 8);
  }
  expect((await walkToEnd(page)).flat()).toHaveLength(total);
  expect(pagesAskedFor(session).slice(loaded)).toEqual(later);

  const caused = session.sent.slice(before).filter(({ path }) => !path.startsWith("/demo/"));
  const scripted = caused.filter(({ isScripted }) => isScripted);
  expect(scripted.length).toBeGreaterThanOrEqual(pages);
  expect(scripted.filter(({ path }) => !path.startsWith("/v1/"))).toEqual([]);
  expect(caused.filter(({ method }) => method !== "GET")).toEqual([]);
});

function pagesAskedFor({ sent }: Session): (string | null)[] {
  const activity = sent.filter(({ path }) => path.includes("/activity?"));
  return activity.map(({ path }) => new URL(path, stage.demo.address).searchParams.get("page"));
}

const activityRequests = "**/v1/accounts/*/activity?*";

test("a change that fails keeps the rows, says so, and can be tried again", async () => {
  const session = await stage.open(activityPath);
  const { page, context } = session;
  await settled(page);
  const rows = await readRows(page);
  session.expectError(/net::ERR_FAILED .*\/activity\?/);
  let failed = 0;
  await context.route(activityRequests, async (route) => {
    failed += 1;
    await route.abort();
  });
  await next(page).click();
  const failure = page.locator(".credits-failure");
  const retry = page.getByRole("button", { name: "Retry", exact: true });
  for (const attempt of [1, 2]) {
    await eventually(() => failed).toBe(attempt);
    await failure.getByText("The previous rows are still shown").waitFor();
    await retry.waitFor();
    expect(await readRows(page)).toEqual(rows);
    expect(await isBusy(page)).toBe(false);
    if (attempt === 1) await retry.click();
  }

  await context.unroute(activityRequests);
  await retry.click();
  await eventually(async () => (await showing(page))?.from).toBe(9);
  await eventually(() => failure.count()).toBe(0);
  const focus = await page.evaluate(() => document.activeElement?.tagName);
  expect(focus).toBe("TABLE");
});

test("a first load that fails says so in the table, and can be tried again", async () => {
  const session = await stage.open("/");
  const { page, context } = session;
  session.expectError(/net::ERR_FAILED .*\/activity\?/);
  await context.route(activityRequests, (route) => route.abort());
  await page.evaluate((path) => location.assign(path), activityPath);
  await table(page).getByText("Credit activity couldn’t be loaded.").waitFor();
  expect(await page.locator(".credits-skeleton-row").count()).toBe(0);
  await context.unroute(activityRequests);
  await page.getByRole("button", { name: "Retry" }).click();
  expect((await settled(page)).from).toBe(1);
  expect(await readRows(page)).toHaveLength(8);
});

test("while rows load their places are held, or those from before stay, and the table says it is busy", async () => {
  const { page, context } = await stage.open("/");
  const gate = gatekeeper();
  await context.route(activityRequests, async (route) => {
    await gate.opened();
    await route.continue();
  });
  await page.evaluate((path) => location.assign(path), activityPath);
  await eventually(() => page.locator(".credits-skeleton-row").count()).toBe(8);
  expect(await isBusy(page)).toBe(true);
  expect(await page.getByText("Loading credit activity.").count()).toBe(1);
  gate.open();
  expect((await settled(page)).to).toBe(8);
  expect(await page.locator(".credits-skeleton-row").count()).toBe(0);

  const rows = await readRows(page);
  gate.close();
  await next(page).click();
  await eventually(() => isBusy(page)).toBe(true);
  expect(await readRows(page)).toEqual(rows);
  expect((await showing(page))?.from).toBe(1);
  gate.open();
  await eventually(async () => (await showing(page))?.from).toBe(9);
  expect(await isBusy(page)).toBe(false);
});

function gatekeeper() {
  let open: () => void = () => {};
  let opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    opened: () => opened,
    open: () => open(),
    close() {
      opened = new Promise((resolve) => {
        open = resolve;
      });
    },
  };
}

test("an account on which nothing has happened says what will appear", async () => {
  const { page } = await stage.open("/");
  await page.getByRole("button", { name: /^Account menu:/ }).click();
  await page.getByRole("button", { name: /Lind Studio/ }).click();
  await page.getByText("Jonas Lind").waitFor();
  await page.evaluate((path) => location.assign(path), activityPath);
  await table(page).getByText("No activity yet").waitFor();
  await table(page).getByText("everything that uses them, will appear here").waitFor();
  expect(await page.locator(".credits-remaining").innerText()).toMatch(/^0\.00\s+credits remaining$/);
  expect(await next(page).count()).toBe(0);
  expect(await isBusy(page)).toBe(false);
});

test("everything can be reached and done with a keyboard alone", async () => {
  const { page } = await stage.open("/");
  await page.getByTestId("balance").getByText(/\d/).waitFor();
  const press = (key: string) => page.keyboard.press(key);

  await tabTo(page, /^button: .*Maya Okafor/);
  await press("Enter");
  await tabTo(page, /^button: Account settings$/);
  await press("Enter");
  await eventually(() => focused(page)).toBe("tab: Profile");
  for (const name of ["Appearance", "Plans & Credits", "Credit Activity"]) {
    await press("ArrowDown");
    await eventually(() => focused(page)).toBe(`tab: ${name}`);
    expect(await page.getByRole("tab", { name }).getAttribute("aria-selected")).toBe("true");
  }
  const { total } = await settled(page);

  await tabTo(page, /^radio: All$/);
  for (const name of ["Added", "Used", "Adjustments"]) {
    await press("ArrowRight");
    await eventually(() => focused(page)).toBe(`radio: ${name}`);
    await eventually(async () => (await settled(page)).total).toBe(
      (await wireRows(name.toLowerCase())).length,
    );
  }
  await press("ArrowLeft");
  await press("ArrowLeft");
  const added = (await wireRows("added")).length;
  await eventually(async () => (await settled(page)).total).toBe(added);
  expect(added, "credits added must fill two pages for what follows").toBeGreaterThan(8);

  await tabTo(page, /^button: Next$/);
  for (let from = 9; from <= added; from += 8) {
    await press("Enter");
    await eventually(async () => (await showing(page))?.from).toBe(from);
  }
  expect(await next(page).getAttribute("aria-disabled")).toBe("true");
  expect(await focused(page)).toBe("button: Next");
  await press("Enter");
  expect((await settled(page)).to).toBe(added);

  await tabTo(page, /^button: Previous$/, "Shift+Tab");
  for (let to = added; to > 8; to -= 8) await press("Space");
  await eventually(async () => (await showing(page))?.from).toBe(1);
  expect(await previous(page).getAttribute("aria-disabled")).toBe("true");
  expect(await focused(page)).toBe("button: Previous");

  await tabTo(page, /^radio: Added$/, "Shift+Tab");
  await press("ArrowLeft");
  await eventually(async () => (await settled(page)).total).toBe(total);
  await tabTo(page, /^button: .* calls$/);
  await press("Enter");
  await eventually(() => page.locator(".credits-entry .credits-moved").count()).toBeGreaterThan(1);

  await press("Escape");
  await eventually(() => page.getByRole("dialog").count()).toBe(0);
  await eventually(() => focused(page)).toMatch(/^button: .*Maya Okafor/);
});
