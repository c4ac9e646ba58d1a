import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");

it("shows the quickstart that is in the repository", () => {
  const shown = /```js\n([\s\S]*?)```/.exec(read("README.md"))?.[1];
  expect(shown).toBe(read("docs/examples/quickstart.mjs"));
});
