import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { repository } from "./demo.js";
import { useHost } from "./host.js";
import { pageStyles, tailwindStyles } from "./styles.js";

const host = useHost();
const body = `<div id="host" data-actions="Buy credits"></div>`;

/** Styles of the host, outside of layers. Without them Tailwind CSS would set a font, which the page inherits. */
const base = `html { font: 16px/1.5 sans-serif } body { margin: 24px } .buy { all: revert }`;

/** The properties that resets change and users see, besides those that change the place. */
const PROPERTIES = ["color", "background-color", "opacity", "font-size", "font-weight", "line-height"]
  .concat(["font-family", "letter-spacing", "text-align", "text-decoration-line", "border-radius"])
  .concat(["border-block-start-width", "border-block-end-width", "cursor"]);

/** Returns the place and the look of each element of the page, with a failure below an open row. */
async function readLooks(page: Page): Promise<string[]> {
  await page.locator(".credits-disclosure").first().click();
  await page.locator(".credits-failure").waitFor();
  return page.evaluate((properties) => {
    const elements = [...document.querySelectorAll(".credits-activity, .credits-activity *")];
    return elements.map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const place = [x, y, width, height].map((value) => Math.round(value * 10) / 10).join(" ");
      // The radios are transparent.
      const seen = element.matches(".credits-filter-radio") ? [] : properties;
      const look = seen.map((property) => `${property}: ${style.getPropertyValue(property)}`);
      return `${element.tagName}.${element.getAttribute("class")} at ${place} ${look.join("; ")}`;
    });
  }, PROPERTIES);
}

test.each([1200, 640, 320])(
  "Tailwind CSS changes no element of the page at %d px, before or after it",
  async (width) => {
    const tailwind = await tailwindStyles([]);
    expect(tailwind).toContain("border: 0 solid");
    const own = pageStyles();
    const expected = await readLooks(await host.open({ body, width, styles: [own, base] }));
    expect(expected.length).toBeGreaterThan(100);
    const orders = { before: [own, tailwind, base], after: [tailwind, own, base] };
    for (const [order, styles] of Object.entries(orders)) {
      const looks = await readLooks(await host.open({ body, width, styles }));
      expect(
        looks.filter((look, index) => look !== expected[index]),
        order,
      ).toEqual([]);
      expect(looks).toHaveLength(expected.length);
    }
  },
);

test("utilities of Tailwind CSS change the page if its styles come first", async () => {
  const page = await host.open({
    body: `<div id="host" data-class-name="text-xl mt-8"></div>`,
    styles: [pageStyles(), await tailwindStyles(["text-xl", "mt-8"])],
  });
  const read = () => {
    const style = getComputedStyle(document.querySelector(".credits-activity") as Element);
    return [style.fontSize, style.marginBlockStart];
  };
  expect(await page.evaluate(read)).toEqual(["20px", "32px"]);
});

/** Variables of shadcn/ui, each with a color that no other has. */
const SHADCN = `
  :root { --background: rgb(250, 250, 1); --foreground: rgb(1, 1, 10); --muted: rgb(240, 240, 2);
    --muted-foreground: rgb(80, 80, 3); --border: rgb(220, 220, 4); --input: rgb(210, 210, 5);
    --primary: rgb(90, 20, 6); --secondary: rgb(230, 230, 7); --destructive: rgb(180, 0, 8);
    --radius: 10px; }
  .dark { --background: rgb(10, 10, 1); --foreground: rgb(240, 240, 10); --muted: rgb(40, 40, 2);
    --muted-foreground: rgb(160, 160, 3); --border: rgb(50, 50, 4); --input: rgb(60, 60, 5);
    --primary: rgb(200, 200, 6); --secondary: rgb(45, 45, 7); --destructive: rgb(250, 90, 8); }`;

/** Returns the documented mapping of shadcn/ui's variables. */
function readMapping(): string {
  const docs = readFileSync(join(repository, "docs/integration.md"), "utf8");
  return /```css\n(\.credits-activity \{[^`]*--foreground[^`]*)```/.exec(docs)?.[1] ?? "";
}

/** The colors and the radius of the page with the variables above. */
const mapped = [
  [
    "light",
    [
      "rgb(1, 1, 10)",
      "rgb(80, 80, 3)",
      "rgb(220, 220, 4)",
      "rgb(210, 210, 5)",
      "rgb(250, 250, 1)",
      "rgb(240, 240, 2)",
      "rgb(90, 20, 6)",
      "rgb(230, 230, 7)",
      "10px",
    ],
  ],
  [
    "dark",
    [
      "rgb(240, 240, 10)",
      "rgb(160, 160, 3)",
      "rgb(50, 50, 4)",
      "rgb(60, 60, 5)",
      "rgb(10, 10, 1)",
      "rgb(40, 40, 2)",
      "rgb(200, 200, 6)",
      "rgb(45, 45, 7)",
      "10px",
    ],
  ],
] as const;

test.each(mapped)(
  "the documented mapping gives the page the %s colors of shadcn/ui",
  async (scheme, expected) => {
    const tailwind = await tailwindStyles([]);
    const styles = [pageStyles(), tailwind, SHADCN, readMapping()];
    const page = await host.open({ body, styles, root: `class="${scheme}"` });
    const read = () =>
      [
        [".credits-page-title", "color"],
        [".credits-subtitle", "color"],
        [".credits-footer", "border-block-start-color"],
        [".credits-button[aria-disabled=false]", "border-block-start-color"],
        [".credits-button[aria-disabled=false]", "background-color"],
        [".credits-filter", "background-color"],
        [".credits-badge", "color"],
        [".credits-badge", "background-color"],
        [".credits-button", "border-start-start-radius"],
      ].map(([selector = "", property = ""]) =>
        getComputedStyle(document.querySelector(selector) as Element).getPropertyValue(property),
      );
    expect(await page.evaluate(read)).toEqual(expected);
  },
);
