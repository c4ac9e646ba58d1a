import { expect, test } from "vitest";
import { COVERED, checkWords, findWords, listFilesUnder, RULES } from "./words.js";

const inComment = (wording: string) => findWords("x.ts", `/** ${wording} */\nexport const x = 1;\n`);

test("the covered files contain no avoided wording, and every exception is needed", () => {
  expect(checkWords(COVERED)).toEqual({ findings: [], unused: [] });
});

test.each(COVERED)("%s has files to check", (path) => {
  expect(listFilesUnder(path)).not.toEqual([]);
});

test.each(RULES)(
  "$pattern is found in comments, and only where it is meant",
  ({ remedy, finds, passes = [] }) => {
    for (const wording of finds) {
      expect(inComment(wording), wording).toEqual([expect.objectContaining({ path: "x.ts", remedy })]);
    }
    for (const wording of passes) expect(inComment(wording), wording).toEqual([]);
  },
);

const rowsOf = (path: string, source: string) =>
  findWords(path, source).map(({ row, word }) => `${row} ${word}`);

test.each([
  ["a block comment", "x.ts", "const a = 1;\n/**\n * Is kept for\n * ever.\n */\n", ["3 for ever"]],
  ["a row comment", "x.tsx", "f(); // Asked anew.\n// Of its\n// own.\n", ["1 anew", "2 Of its own"]],
  ["a test's name", "x.test.ts", 'it("answers once", () => {});\n', ["1 answers"]],
  ["a message in parts", "x.ts", 'throw new Error(\n  "The key is " +\n    "no string.",\n);\n', ["2 is no"]],
  ["a template", "x.ts", `throw new Error(\`The folder ${"$"}{folder} is open.\`);\n`, ["1 folder"]],
  ["a module", "x.mjs", "// What it runs.\n", ["1 What"]],
  ["a style sheet", "x.css", ".folder { color: red; } /* How it looks. */\n", ["1 How"]],
  ["a migration", "x.sql", "-- Who may write.\nSELECT 'It is sealed.' AS answer;\n", ["1 Who", "2 sealed"]],
  ["a document", "x.md", "# The folder\n\nIt is no\nbilling suite.\n", ["1 folder", "3 is no"]],
])("%s is checked", (_, path, source, expected) => {
  expect(rowsOf(path, source)).toEqual(expected);
});

test.each([
  ["code", "x.ts", "const folder = answer(forget);\n"],
  ["data in a string", "x.ts", 'open("folder", "answers/anew");\n'],
  ["a name in a comment", "x.ts", "/** Opens `folder` for reading. */\n"],
  [
    "code in a document",
    "x.md",
    "Run `mend folder`:\n\n```sh\nmend folder\n```\n\n[Next](folder/answer.md)\n",
  ],
])("%s is not checked", (_, path, source) => {
  expect(rowsOf(path, source)).toEqual([]);
});
