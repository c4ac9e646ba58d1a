import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { activityPath, expectAddingUp, previous, readRows, settled, showing, walkToEnd } from "./activity.js";
import { type Micros, shownAmount, wireAmount } from "./amounts.js";
import { repository, runCommand } from "./demo.js";
import { eventually, useStage } from "./stage.js";

const stage = useStage();

/** The balance in the sidebar. */
async function sidebarBalance(page: Page): Promise<Micros> {
  const amount = page.getByTestId("balance");
  await amount.getByText(/\d/).waitFor();
  return shownAmount(await amount.innerText());
}

async function ledgerBalance(account = "acme"): Promise<Micros> {
  const { balance } = await stage.demo.api<{ balance: string }>("GET", `/v1/accounts/${account}`);
  return wireAmount(balance);
}

/** Returns the number of steps that the task on the screen has done. */
async function stepsDone(page: Page): Promise<number> {
  return page.locator("progress.progress").evaluate((bar) => (bar as HTMLProgressElement).value);
}

/** Uses every one of twelve models once, as other programs of the account would: more groups than a page shows. */
async function useAllModels(): Promise<void> {
  const events = Array.from({ length: 12 }, (_, index) => ({
    id: `busy-${randomUUID()}`,
    account: "acme",
    kind: "ai_usage",
    credits: `0.${index + 11}`,
    source: { type: "model", id: `model-${index}`, label: `Model ${index}` },
  }));
  const { results } = await stage.demo.api<{ results: { status: string }[] }>("POST", "/v1/usage", {
    events,
  });
  expect(results.map(({ status }) => status)).toEqual(events.map(() => "posted"));
}

test("while a task spends, pages add up to the last row, and looking at them disturbs nothing", async () => {
  const session = await stage.open("/");
  const { page } = session;
  const before = await sidebarBalance(page);
  await page.getByRole("button", { name: "Start task" }).click();
  await page.getByText("Working", { exact: true }).waitFor();
  await eventually(() => stepsDone(page)).toBeGreaterThan(0);
  await eventually(() => sidebarBalance(page), "the balance in the sidebar").toBeLessThan(before);
  const doneAtFirst = await stepsDone(page);
  const commands = session.sent.filter(({ method }) => method !== "GET").length;
  await useAllModels();

  await page.getByRole("button", { name: /^Account menu:/ }).click();
  await page.getByRole("button", { name: "Credit activity" }).click();
  // Between any two pages all rows of the open window change, those on page 2 as well.
  const first = (await walkToEnd(page, useAllModels)).flat();
  expectAddingUp(first);
  expect(first.filter(({ source }) => source.startsWith("Model "))).not.toHaveLength(0);
  await backToStart(page);
  // The first page looks for news by itself.
  const newest = first[0]?.balance ?? 0n;
  await eventually(async () => (await readRows(page))[0]?.balance).toBeLessThan(newest);
  expectAddingUp((await walkToEnd(page, useAllModels)).flat());
  expect(session.sent.filter(({ method }) => method !== "GET")).toHaveLength(commands);

  await page.keyboard.press("Escape");
  await eventually(() => page.getByRole("dialog").count()).toBe(0);
  const doneAtLast = await stepsDone(page);
  expect(doneAtLast).toBeGreaterThan(doneAtFirst);
  await eventually(() => stepsDone(page), "steps after the dialog was closed").toBeGreaterThan(doneAtLast);
  expect(await page.getByText("Working", { exact: true }).count()).toBe(1);

  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Start task" }).waitFor();
  await eventually(() => sidebarBalance(page)).toBe(await ledgerBalance());
});

async function backToStart(page: Page): Promise<void> {
  while (((await showing(page))?.from ?? 1) > 1) {
    const { from } = await settled(page);
    await previous(page).click();
    await eventually(async () => (await showing(page))?.from).toBeLessThan(from);
  }
}

test("usage imported from a file into the running demo shows up in groups, and once", async () => {
  const { address, secretKey } = stage.demo;
  const flags = [
    ...["--url", address, "--key", secretKey, "--account", "fresh"],
    ...["--map", "time=time,input=prompt_tokens,output=completion_tokens,description=feature"],
    ...["--input-rate", "0.3", "--output-rate", "1.2", "--source", "Code model"],
  ];
  const file = join(repository, "docs/examples/usage.csv");
  const { page } = await stage.open("/");
  await page.getByRole("button", { name: /^Account menu:/ }).click();
  await page.getByRole("button", { name: /Lind Studio/ }).click();
  await page.evaluate((path) => location.assign(path), activityPath);
  await page.getByText("No activity yet").waitFor();

  for (const attempt of [1, 2]) {
    const { code, stdout, stderr } = await runCommand(["import", file, ...flags]);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      attempt === 1 ? /^8 lines: 8 posted, 0 there already/ : /^8 lines: 0 posted, 8 there already/,
    );
  }
  // The page that was open finds it by itself.
  const { total } = await settled(page);
  const rows = (await walkToEnd(page)).flat();
  expect(rows).toHaveLength(total);
  expectAddingUp(rows);
  expect(rows.map((row) => row.description)).toContainEqual(
    expect.stringMatching(/ · \d+ calls$|^\d+ calls$/),
  );
  expect(new Set(rows.map((row) => row.source))).toEqual(new Set(["Code model"]));
  expect(rows[0]?.balance).toBe(await ledgerBalance("fresh"));
});

const trace = join(repository, "../shared/data/azure-llm-inference-trace-code.csv");

interface ActivityPage {
  readonly rows: readonly { position: number; entries: number; credits: string; balance: string }[];
  readonly total: number;
  readonly pages: number;
  readonly asOf: string;
}

test.skipIf(!existsSync(trace))("a real hour of 8,819 calls adds up on every page", async () => {
  const { address, secretKey, api } = stage.demo;
  const { code, stderr } = await runCommand([
    ...["import", trace, "--url", address, "--key", secretKey, "--account", "trace"],
    ...["--map", "time=TIMESTAMP,input=ContextTokens,output=GeneratedTokens"],
    ...["--input-rate", "0.3", "--output-rate", "1.2", "--source", "Code model"],
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });

  const first = await api<ActivityPage>("GET", "/v1/accounts/trace/activity");
  const rows = [...first.rows];
  for (let page = 2; page <= first.pages; page++) {
    const path = `/v1/accounts/trace/activity?page=${page}&asOf=${encodeURIComponent(first.asOf)}`;
    rows.push(...(await api<ActivityPage>("GET", path)).rows);
  }
  expect(rows.map((row) => row.position)).toEqual(rows.map((_, index) => first.total - index));
  expectAddingUp(
    rows.map(({ credits, balance }) => ({ credits: wireAmount(credits), balance: wireAmount(balance) })),
  );
  expect(rows.reduce((sum, row) => sum + row.entries, 0)).toBe(8_819);
  expect(rows.length).toBeLessThan(100);

  const seqs: number[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const path: string = `/v1/accounts/trace/entries?limit=1000${cursor === "" ? "" : `&cursor=${cursor}`}`;
    const list = await api<{ entries: { seq: number }[]; nextCursor: string | null }>("GET", path);
    seqs.push(...list.entries.map((entry) => entry.seq));
    cursor = list.nextCursor;
  }
  expect(seqs).toEqual(Array.from({ length: 8_819 }, (_, index) => 8_819 - index));
});

test("the API reference shows every operation, and needs nothing from elsewhere", async () => {
  const document = await stage.demo.api<{ paths: Record<string, object> }>("GET", "/openapi.json");
  const operations = Object.values(document.paths).flatMap((path) =>
    Object.keys(path).filter((name) => /^(get|put|post|delete|patch)$/.test(name)),
  );
  expect(operations.length).toBeGreaterThan(15);

  const { page, context } = await stage.open("/");
  const { origin } = new URL(stage.demo.address);
  await context.route(
    (url) => url.origin !== origin && url.protocol.startsWith("http"),
    (route) => route.abort(),
  );
  await page.goto("/docs");
  await eventually(() => page.locator(".opblock").count()).toBe(operations.length);
  await page.locator(".opblock", { hasText: "/v1/usage" }).first().locator("button").first().click();
  await page.locator(".opblock.is-open").getByText("events").first().waitFor();
});
