import type { Browser, Page } from "playwright-core";

/** The least contrast of text that WCAG 2.2 asks for, criterion 1.4.3. */
const CONTRAST_MIN = 4.5;

/** Time in which a page has to show an entry. A development server compiles it first. */
const SHOWN_MS_MAX = 120_000;

/** Part of a page whose colors are looked at. */
interface Colors {
  readonly color: string;
  readonly background: string;
  readonly contrast: number;
}

/**
 * Opens the page of an app and waits for an entry.
 *
 * @returns the colors in light and in dark
 * @throws Error if the page reports an error, is too narrow, or its text can't be read
 */
export async function checkPage(browser: Browser, url: string, entry: string): Promise<string> {
  const context = await browser.newContext({ viewport: { width: 1024, height: 800 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || /hydrat/i.test(message.text())) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  try {
    await page.goto(url);
    await page.locator(".credits-activity").getByText(entry).first().waitFor({ timeout: SHOWN_MS_MAX });
    const { width } = (await page.locator(".credits-activity").boundingBox()) ?? { width: 0 };
    if (width < 320) throw new Error(`The page is ${width} px wide.`);
    const shown: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const colors = await readColors(page);
      if (!(colors.contrast >= CONTRAST_MIN)) {
        throw new Error(`The contrast in ${colorScheme} is ${colors.contrast}: ${JSON.stringify(colors)}.`);
      }
      shown.push(colors.color);
    }
    if (errors.length > 0) throw new Error(`The console has errors:\n${errors.join("\n")}`);
    if (shown[0] === shown[1]) throw new Error(`The text is ${shown[0]} in light and in dark.`);
    return shown.join(" / ");
  } finally {
    await context.close();
  }
}

/** Opens a page until it shows an entry. A development server of Vite finds packages by the first page, and loads it again. */
export async function warmUp(browser: Browser, url: string, entry: string): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  const shown = page.locator(".credits-activity").getByText(entry).first();
  await shown.waitFor({ timeout: SHOWN_MS_MAX });
  await context.close();
}

/** Reads the colors of the page's title and of what is behind it. */
function readColors(page: Page): Promise<Colors> {
  return page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const toBytes = (color: string): number[] => {
      if (canvas === null) throw new Error("There is no canvas.");
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const toLuminance = (bytes: number[]) => {
      const [r = 0, g = 0, b = 0] = bytes
        .slice(0, 3)
        .map((byte) => byte / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const title = document.querySelector(".credits-page-title") as Element;
    let behind: Element | null = title;
    let background = "";
    while (behind !== null) {
      background = getComputedStyle(behind).backgroundColor;
      if (toBytes(background)[3] === 255) break;
      behind = behind.parentElement;
    }
    const scheme = getComputedStyle(title).colorScheme;
    const canvasColor = scheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;
    if (behind === null) background = canvasColor ? "#121212" : "#ffffff";
    const { color } = getComputedStyle(title);
    const [a, b] = [toLuminance(toBytes(color)), toLuminance(toBytes(background))];
    return { color, background, contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
  });
}
