import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { repository } from "./demo.js";
import { type HostPage, useHost } from "./host.js";
import { lower, lowerAll, pageStyles, viteStyles } from "./styles.js";

const host = useHost();
const body = `<div id="host"></div>`;

/** Where each color is on the screen. */
const PLACES = {
  text: [".credits-page-title", "color"],
  muted: [".credits-subtitle", "color"],
  line: [".credits-footer", "border-block-start-color"],
  edge: [".credits-button[aria-disabled=false]", "border-block-start-color"],
  surface: [".credits-button[aria-disabled=false]", "background-color"],
  track: [".credits-filter", "background-color"],
  thumb: [":checked + .credits-filter-label", "background-color"],
  "thumb-edge": [":checked + .credits-filter-label", "border-block-start-color"],
  accent: [".credits-badge", "color"],
  "accent-wash": [".credits-badge", "background-color"],
  added: ["[data-direction=added]", "color"],
} as const;

type Color = keyof typeof PLACES;

/** Returns the colors on the screen, as the browser writes them. */
async function readColors(page: Page): Promise<Record<string, string>> {
  return page.evaluate((places) => {
    const read = ([selector, property]: readonly [string, string]) => {
      const element = document.querySelector(selector);
      return element === null ? "no element" : getComputedStyle(element).getPropertyValue(property);
    };
    return Object.fromEntries(Object.entries(places).map(([name, place]) => [name, read(place)]));
  }, PLACES);
}

/** Returns the colors of the stylesheet's source, as the browser writes them. */
function expectedColors(scheme: "light" | "dark"): Record<string, string> {
  const source = readFileSync(join(repository, "packages/react/src/colors.css"), "utf8");
  const toText = (name: Color) => {
    const found = new RegExp(`--credits-${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(source);
    const hex = found?.[scheme === "light" ? 1 : 2] ?? "";
    const [red, green, blue, alpha] = [1, 3, 5, 7].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
    const opaque = `${red}, ${green}, ${blue}`;
    if (alpha === undefined || Number.isNaN(alpha)) return `rgb(${opaque})`;
    // Browsers write two decimals where they suffice for the same value.
    const short = Number((alpha / 255).toFixed(2));
    return `rgba(${opaque}, ${Math.round(short * 255) === alpha ? short : Number((alpha / 255).toFixed(3))})`;
  };
  return Object.fromEntries((Object.keys(PLACES) as Color[]).map((name) => [name, toText(name)]));
}

const SAME = (css: string) => css;

/** Builds of a stylesheet: the page's, and what the tool does with the host's styles. */
const builds = {
  "as written": { page: async () => pageStyles(), host: SAME },
  "built by Vite": { page: viteStyles, host: lower },
  "lowered for old browsers": { page: async () => lower(pageStyles()), host: lower },
  "lowered without regard to @supports": { page: async () => lowerAll(pageStyles()), host: lowerAll },
} as const;

type Case = Pick<HostPage, "root" | "scheme"> & {
  readonly name: string;
  readonly css?: string;
  readonly page?: string;
  readonly expected: "light" | "dark";
};

const cases: readonly Case[] = [
  { name: "a page without a color scheme", expected: "light" },
  { name: "a page without a color scheme on a dark device", scheme: "dark", expected: "light" },
  { name: "a page with color-scheme: dark", css: ":root { color-scheme: dark }", expected: "dark" },
  {
    name: "a page that follows a dark device",
    css: ":root { color-scheme: light dark }",
    scheme: "dark",
    expected: "dark",
  },
  {
    name: "a page that follows a light device",
    css: ":root { color-scheme: light dark }",
    expected: "light",
  },
  { name: "a page with the class dark", root: `class="dark"`, expected: "dark" },
  { name: "a page with the attribute data-theme", root: `data-theme="dark"`, expected: "dark" },
  { name: "the class dark", page: `<div id="host" data-class-name="dark"></div>`, expected: "dark" },
  {
    name: "a page with the class light on a dark device",
    root: `class="light"`,
    css: ":root { color-scheme: light dark }",
    scheme: "dark",
    expected: "light",
  },
];

const matrix = Object.keys(builds).flatMap((name) =>
  cases.map((one) => [name as keyof typeof builds, one.name, one] as const),
);

test.each(matrix)("styles %s have their colors on %s", async (name, _, { css = "", expected, ...view }) => {
  const build = builds[name];
  const styles = [await build.page(), build.host(css)];
  const page = await host.open({ body: view.page ?? body, styles, ...view });
  expect(await readColors(page)).toEqual(expectedColors(expected));
});

test.each(["built by Vite", "lowered for old browsers"] as const)(
  "styles %s follow a color scheme that a script or another stylesheet sets",
  async (name) => {
    const styles = [await builds[name].page(), ":root { color-scheme: dark }"];
    const page = await host.open({ body, styles });
    expect(await readColors(page)).toEqual(expectedColors("dark"));
    await page.evaluate(() => {
      document.documentElement.style.colorScheme = "light";
    });
    expect(await readColors(page)).toEqual(expectedColors("light"));
  },
);

test("a build for old browsers replaces light-dark(), except where @supports tests for it", () => {
  expect(lower(".a { color: light-dark(#fff, #000) }")).not.toContain("light-dark(");
  expect(lower(pageStyles())).toContain("light-dark(");
  expect(lowerAll(pageStyles())).not.toContain("light-dark(");
});
