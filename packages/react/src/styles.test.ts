import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (file: string) =>
  readFileSync(join(import.meta.dirname, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
const parts = [...read("styles.css").matchAll(/@import "(.+)";/g)].map((match) => read(match[1] as string));
const rules = parts.join("\n");

test("all styles are in one layer, below prefixed classes", () => {
  expect(parts.length).toBeGreaterThan(5);
  const [layers, ...styled] = parts;
  expect(layers?.trim()).toBe("@layer reset, theme, base, credit-activity;");
  for (const part of styled) {
    expect(part.trim().startsWith("@layer credit-activity {")).toBe(true);
    expect(part.match(/@layer/g)).toHaveLength(1);
  }
  const classes = [...rules.matchAll(/\.(-?[a-z_][\w-]*)/gi)].map((match) => match[1]);
  // The classes of a host that set the colors.
  const known = new Set(["light", "dark"]);
  expect(classes.filter((name = "") => !name.startsWith("credits-") && !known.has(name))).toEqual([]);
  const variables = [...rules.matchAll(/--[\w-]+/g)].map((match) => match[0]);
  expect(variables.filter((name) => !name.startsWith("--credits-"))).toEqual([]);
  const selectors = [...rules.matchAll(/(?:^|[{}])([^{}@;]+)\{/g)].map((match) => match[1]?.trim() ?? "");
  const open = selectors.filter(
    (selector) => !selector.includes(".credits-") && !/^(\d+%|from|to)$/.test(selector),
  );
  expect(open).toEqual([]);
});

test("all directions are logical, so that right-to-left works", () => {
  const physical =
    /(?:^|[\s;{])(?:(?:margin|padding|border)-(?:left|right|top|bottom)|left|right|width|height|float)\s*:/m;
  expect(rules.match(physical)).toBeNull();
  expect(rules).not.toMatch(/text-align:\s*(?:left|right)/);
});

test("styles respect forced colors, reduced motion and the width of the container", () => {
  expect(rules).toContain("@media (forced-colors: active)");
  const reduced = rules.split("@media (prefers-reduced-motion: reduce)")[1] ?? "";
  const moving = [
    ...(rules.split("@media (prefers-reduced-motion")[0] ?? "").matchAll(
      /(\.[^{}]*)\{[^{}]*(?:animation|transition):/g,
    ),
  ];
  expect(moving.length).toBeGreaterThan(3);
  for (const [, selector = ""] of moving) expect(reduced).toContain(selector.trim());
  expect(rules).toContain("@container credits-activity (inline-size <");
});

const pairs = [
  ["text", "surface", 7],
  ["text", "track", 7],
  ["text", "thumb", 7],
  ["text", "failure-wash", 7],
  ["muted", "surface", 4.5],
  ["muted", "track", 4.5],
  ["muted", "wash", 4.5],
  ["added", "surface", 4.5],
  ["added", "wash", 4.5],
  ["text", "wash", 4.5],
  ["accent", "surface", 4.5],
  ["accent", "wash", 4.5],
  ["accent", "accent-wash", 4.5],
  ["accent", "track", 3],
  ["failure", "failure-wash", 3],
] as const;

test.each(pairs)("%s on %s has a contrast of at least %d in light and dark", (front, back, ratio) => {
  for (const scheme of ["light", "dark"] as const) {
    expect(contrast(color(front, scheme), color(back, scheme)), scheme).toBeGreaterThanOrEqual(ratio);
  }
});

test("the initial value of each color is its light one", () => {
  const initial = [...rules.matchAll(/@property (--[\w-]+) \{[^}]*initial-value: (#\w+);/g)];
  const light = [...rules.matchAll(/(--[\w-]+): light-dark\((#\w+), #\w+\);/g)];
  expect(light.length).toBeGreaterThan(10);
  expect(initial.map(([, name, value]) => [name, value])).toEqual(
    light.map(([, name, value]) => [name, value]),
  );
  // Elsewhere a build tool would replace it, and the color could get lost.
  const [before = "", tested = ""] = rules.split("@supports (color: light-dark(#fff, #000)) {");
  expect(before).not.toContain("light-dark(");
  expect(tested.slice(tested.indexOf("\n  }\n"))).not.toContain("light-dark(");
});

function color(name: string, scheme: "light" | "dark"): string {
  const match = rules.match(new RegExp(`--credits-${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`));
  const value = match?.[scheme === "light" ? 1 : 2];
  if (value === undefined)
    throw new Error(`styles.css has no --credits-${name} for ${scheme}. Add it with light-dark().`);
  return value;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
