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

it.each([
  ["an image of Anthropic", { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" }],
  ["the audio of OpenAI", { data: "UklGRg==", format: "wav" }],
  ["a file of OpenAI", { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" }],
  ["a file of the AI SDK", { type: "file", mediaType: "application/pdf", data: "JVBERi0-_w" }],
  ["a data URL with a parameter", { url: "data:text/plain;charset=utf-8;base64,aGk=" }],
])("counts %s as a file", (_, part) => {
  expect(estimateInput([part], () => 0)).toBe(1_000);
});

it.each([
  ["begins like a data URL", { content: `data: ${"x ".repeat(5000)}` }],
  ["is a data URL with more", { content: `data:image/png;base64,AAAA ${"x ".repeat(5000)}` }],
  ["is a data URL in the field of a text", { text: `data:image/png;base64,${"A".repeat(10_000)}` }],
  ["begins like Base64", { content: `${"word-".repeat(60)}${"x ".repeat(4850)}` }],
  ["is like Base64", { content: "word-".repeat(2000) }],
  ["is a document", { type: "text", media_type: "text/plain", data: "word-".repeat(2000) }],
  ["is the data of a tool", { data: "word-".repeat(2000) }],
])("counts a text that %s by its length", (_, part) => {
  expect(estimateInput([part], (text) => text.length)).toBeGreaterThanOrEqual(10_000);
});

it("counts a prompt of LangChain by its length", () => {
  expect(estimateInput(["word-".repeat(2000), "data: x"], (text) => text.length)).toBe(10_008);
});
