import { expect, test } from "vitest";
import { useHost } from "./host.js";
import { pageStyles } from "./styles.js";

const host = useHost();
const styles = [pageStyles(), "body { margin: 16px; font: 16px/1.5 sans-serif }"];

const views = [
  [1000, "ltr"],
  [1000, "rtl"],
  [320, "ltr"],
  [320, "rtl"],
] as const;

test.each(views)("an action is level with the balance, at the end, at %d px, %s", async (width, dir) => {
  const body = `<div id="host" data-actions="Buy credits"></div>`;
  const page = await host.open({ body, styles, width, root: `dir="${dir}"` });
  const boxes = await page.evaluate(() => {
    const box = (selector: string) => {
      const { left, right, top, bottom } =
        document.querySelector(selector)?.getBoundingClientRect() ?? new DOMRect();
      return { left, right, middle: (top + bottom) / 2 };
    };
    return { header: box(".credits-header"), balance: box(".credits-remaining"), action: box(".buy") };
  });
  const { header, balance, action } = boxes;
  expect(action.middle).toBeCloseTo(balance.middle, 0);
  if (dir === "ltr") {
    expect(action.right).toBeCloseTo(header.right, 0);
    expect(action.left).toBeGreaterThan(balance.right);
  } else {
    expect(action.left).toBeCloseTo(header.left, 0);
    expect(action.right).toBeLessThan(balance.left);
  }
});

test("a last page with fewer rows keeps the height, so the pager stays below the pointer", async () => {
  const page = await host.open({ body: `<div id="host"></div>`, styles });
  const next = page.getByRole("button", { name: "Next" });
  const top = async () => Math.round((await next.boundingBox())?.y ?? 0);
  const before = await top();
  await next.click();
  await page.getByText("Showing 9–16 of 23").waitFor();
  await next.click();
  await page.getByText("Showing 17–23 of 23").waitFor();
  expect(await top()).toBe(before);
});
