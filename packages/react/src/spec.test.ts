import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const spec = readFileSync(join(root, "SPEC.md"), "utf8");

interface Rule {
  readonly number: number;
  readonly text: string;
  readonly tests: { readonly file: string; readonly target: string; readonly name: string }[];
}

function parseRules(): Rule[] {
  const rules: Rule[] = [];
  for (const line of spec.split("\n")) {
    const rule = line.match(/^(\d+)\. (.*)$/);
    if (rule !== null) rules.push({ number: Number(rule[1]), text: rule[2] ?? "", tests: [] });
    const link = line.match(/^ +- \[(.*?)\]\((.*?)\): (.*)$/);
    if (link !== null) {
      rules.at(-1)?.tests.push({ file: link[1] ?? "", target: link[2] ?? "", name: link[3] ?? "" });
    }
  }
  return rules;
}

/** Returns the names of the tests in a file. */
function testsIn(file: string): string[] {
  const source = readFileSync(join(root, file), "utf8");
  return [...source.matchAll(/^test(?:\.each\(.*\))?\(\s*"((?:[^"\\]|\\.)*)"/gm)].map(
    (match) => match[1] ?? "",
  );
}

test("the rules are numbered without gaps, and each contains MUST", () => {
  const rules = parseRules();
  expect(rules.length).toBeGreaterThan(30);
  expect(rules.map((rule) => rule.number)).toEqual(rules.map((_, index) => index + 1));
  expect(rules.filter((rule) => !rule.text.includes("MUST"))).toEqual([]);
});

test("every rule names tests that exist", () => {
  for (const rule of parseRules()) {
    expect(rule.tests.length, `rule ${rule.number} names no test`).toBeGreaterThan(0);
    for (const { file, target, name } of rule.tests) {
      expect(target, `rule ${rule.number} links to another file than it names`).toBe(file);
      expect(existsSync(join(root, file)), `rule ${rule.number} names ${file}`).toBe(true);
      expect(testsIn(file), `rule ${rule.number} names a test in ${file}`).toContain(name);
    }
  }
});
