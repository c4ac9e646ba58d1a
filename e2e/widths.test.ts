import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { useHost } from "./host.js";
import { pageStyles } from "./styles.js";

const host = useHost();
const styles = [
  pageStyles(),
  `body { margin: 0; font: 16px/1.5 sans-serif }
  .auto { margin: auto }
  .flex { display: flex }
  .inline-flex { display: inline-flex }
  .column { display: flex; flex-direction: column; align-items: center }
  .grid { display: grid }
  .auto-columns { display: grid; grid-template-columns: auto auto }
  .centered { display: grid; place-items: center }
  .inline-grid { display: inline-grid }
  .float { float: inline-end }
  .inline-block { display: inline-block }
  .absolute { position: absolute; inset-block-start: 0 }
  .cell { display: table-cell }
  .fit { inline-size: fit-content }
  .max { inline-size: max-content; max-inline-size: 100% }
  .min { inline-size: min-content }
  .side { flex: none; inline-size: 48px }
  .contents { display: contents }`,
];

/** The width of a page whose surroundings are as narrow as its content allows: 16em. */
const NARROWEST = 224;

/** The least width of all others, unless less is available. */
const LEAST = 280;

const place = (attributes = "") => `<div id="host" ${attributes}></div>`;

/** Contexts in which the element takes the width of its content, and others in which widths are easily lost. */
const contexts: Readonly<Record<string, string>> = {
  "a block": place(),
  "a dialog": `<dialog open>${place()}</dialog>`,
  "a modal dialog": `<dialog class="modal">${place()}</dialog>`,
  "a popover": `<div popover>${place()}</div>`,
  "a flex item": place(`class="flex"`),
  "an element in a flex item": `<div class="flex">${place()}</div>`,
  "a flex item beside another one": `<div class="flex"><div class="side"></div>${place()}</div>`,
  "an inline flex container": place(`class="inline-flex"`),
  "a centered column": place(`class="column"`),
  "an element in a centered column": `<div class="column">${place()}</div>`,
  "a grid item": place(`class="grid"`),
  "an element in a column of a grid": `<div class="auto-columns">${place()}<div></div></div>`,
  "a centered grid item": place(`class="centered"`),
  "an element in a centered grid item": `<div class="centered">${place()}</div>`,
  "an inline grid": place(`class="inline-grid"`),
  "automatic margins": place(`data-class-name="auto"`),
  "automatic margins in a flex container": place(`class="flex" data-class-name="auto"`),
  "automatic margins in a grid": place(`class="grid" data-class-name="auto"`),
  "automatic margins around it in a flex container": `<div class="flex">${place(`class="auto"`)}</div>`,
  "a float": `<div class="float">${place()}</div>`,
  "an inline block": place(`class="inline-block"`),
  "an absolute position": place(`class="absolute"`),
  "a cell of a table": place(`class="cell"`),
  "the width of the content": place(`class="fit"`),
  "the greatest width of the content": place(`class="max"`),
  "the least width of the content": place(`class="min"`),
  "no box": `<div class="inline-flex">${place(`class="contents"`)}</div>`,
};

/** Opens dialogs and popovers, and returns the width of the page, of what is around it, and what scrolls. */
async function measure(page: Page) {
  return page.evaluate(() => {
    document.querySelector<HTMLDialogElement>("dialog.modal")?.showModal();
    document.querySelector<HTMLElement>("[popover]")?.showPopover();
    const width = (selector: string) => document.querySelector(selector)?.getBoundingClientRect().width ?? 0;
    const root = document.documentElement;
    return {
      own: width(".credits-activity"),
      table: width(".credits-table"),
      scrolls: root.scrollWidth > root.clientWidth,
    };
  });
}

const cases = Object.entries(contexts);

test.each(cases)("in %s the page has its width on a wide screen", async (name, body) => {
  const { own, table, scrolls } = await measure(await host.open({ body, styles, width: 1200 }));
  const least = name === "the least width of the content" ? NARROWEST : 784;
  expect(own).toBeGreaterThanOrEqual(least);
  expect(own).toBeLessThanOrEqual(1200);
  expect(table).toBeCloseTo(own, 0);
  expect(scrolls).toBe(false);
});

test.each(cases)("in %s the page has the available width at 320 px", async (name, body) => {
  const { own, table, scrolls } = await measure(await host.open({ body, styles, width: 320 }));
  const available = 320 - taken(name);
  const least = name === "the least width of the content" ? NARROWEST : Math.min(LEAST, available);
  expect(own).toBeGreaterThanOrEqual(least);
  expect(own).toBeLessThanOrEqual(available);
  expect(table).toBeCloseTo(own, 0);
  expect(scrolls).toBe(false);
});

/** Returns the width that the surroundings take. The browser gives dialogs and popovers a border and a padding. */
function taken(name: string): number {
  if (name.includes("dialog")) return 38;
  if (name.includes("popover")) return 14;
  return name.includes("beside") ? 48 : 0;
}
