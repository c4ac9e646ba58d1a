import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser } from "./browser.js";
import { repository, startDemo } from "./demo.js";

const BYTES_MAX = 400_000;

/** Takes the README's pictures of Credit Activity, in light and dark, from a demo that has just been seeded. */
async function main(): Promise<void> {
  const directory = join(repository, "docs/images");
  await mkdir(directory, { recursive: true });
  const demo = await startDemo();
  try {
    const browser = await launchBrowser();
    try {
      await take(browser, demo.address, "light", join(directory, "credit-activity.png"));
      await take(browser, demo.address, "dark", join(directory, "credit-activity-dark.png"));
    } finally {
      await browser.close();
    }
  } finally {
    await demo.stop();
  }
}

async function take(
  browser: Browser,
  address: string,
  scheme: "light" | "dark",
  path: string,
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1372, height: 869 },
    deviceScaleFactor: 2,
    colorScheme: scheme,
    reducedMotion: "reduce",
    locale: "en-US",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  await page.goto(address);
  await page.getByRole("button", { name: /^Account menu:/ }).click();
  await page.getByRole("button", { name: "Credit activity" }).click();
  await page.getByText(/^Showing 1–8 of \d+$/).waitFor();
  await page.mouse.move(0, 0);
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
  });
  await page.screenshot({ path });
  await context.close();
  const { size } = await stat(path);
  process.stdout.write(`${path}: ${Math.ceil(size / 1000)} kB\n`);
  if (size > BYTES_MAX) process.stdout.write(`That is more than ${BYTES_MAX / 1000} kB.\n`);
}

await main();
