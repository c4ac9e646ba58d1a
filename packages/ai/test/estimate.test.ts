import { expect, it } from "vitest";
import { countByLength, estimateInput } from "../src/estimate.js";

it("counts one token per 3.5 bytes", () => {
  expect(countByLength("")).toBe(0);
  expect(countByLength("seven..")).toBe(2);
  expect(countByLength("eight...")).toBe(3);
  // Each of these characters is three bytes.
  expect(countByLength("余额账本")).toBe(4);
});

it("counts the strings and names of a request", () => {
  const count = (text: string) => text.split("\n").length;
  expect(estimateInput({ role: "user", content: [{ text: "Why?" }, null, 7, true] }, count)).toBe(5);
});

it("counts a fixed number of tokens per file", () => {
  const base64 = "A".repeat(5000);
  const nothing = () => 0;
  expect(estimateInput([`data:image/png;base64,${base64}`], nothing)).toBe(1_000);
  expect(estimateInput({ source: { type: "base64", data: base64 } }, nothing)).toBe(1_000);
  expect(estimateInput([new Uint8Array(9), new URL("https://example.com/a.png")], nothing)).toBe(2_000);
  expect(estimateInput("A sentence with spaces. ".repeat(500), nothing)).toBe(0);
});
