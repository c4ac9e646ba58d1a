import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";

/** The files and directories that are checked. */
export const COVERED = [
  "README.md",
  "CONTRIBUTING.md",
  "apps",
  "bench",
  "docs",
  "e2e",
  "packed",
  "packages/ai",
  "packages/cli",
  "packages/client",
  "packages/react",
  "packages/server/generate",
  "packages/server/src",
  "packages/server/test",
  "tools",
  "torture",
];

/** Findings that stay, each with its reason. Without `word` the whole file is excepted. */
export const EXCEPTIONS: readonly { path: string; word?: RegExp; reason: string }[] = [
  { path: "tools/words.ts", reason: "It holds the words." },
  { path: "tools/words.test.ts", reason: "It proves that the words are found." },
  {
    path: "packages/server/src/generated/migrations.ts",
    reason: "It has the migrations, which never change.",
  },
  {
    path: "packages/server/test/upgrade/upgrade.test.ts",
    word: /sealed/,
    reason: "It is the id of an account.",
  },
];

/** A wording that this project avoids. */
export interface Rule {
  /** A space matches any white space, so that a phrase is found across rows. */
  readonly pattern: RegExp;
  readonly remedy: string;
  /** The rule covers comments only. Otherwise it covers documents and strings too. */
  readonly commentsOnly?: true;
  /** Wordings that the rule finds. */
  readonly finds: readonly string[];
  /** Wordings that the rule lets pass. */
  readonly passes?: readonly string[];
}

/** Precedes each comment in the prose of a file. */
const START = "¶";

export const RULES: readonly Rule[] = [
  {
    pattern: /(?<=¶\s*)(?:What|Whether|How|Who)\b/,
    remedy: 'Begin with a noun or a verb. A boolean is "True if ...".',
    commentsOnly: true,
    finds: ["What it is.", "Whether it is open.", "How to open it.", "Who opens it."],
    passes: ["Opens it, whatever it is.", "Howard's rule."],
  },
  { pattern: /\banew\b/i, remedy: "again", finds: ["It is read anew."] },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, remedy: "correct", finds: ["A mistake is mended by an entry."] },
  {
    pattern: /\bof (?:its|their|one's) own\b/i,
    remedy: "its, separate",
    finds: ["A process of its own.", "Names of\n * their own."],
  },
  {
    pattern: /(?<!\bthere )\b(?:is|are|was|were) no (?!(?:longer|more|less|fewer)\b)/i,
    remedy: "is not a, has no",
    finds: ["It is no billing suite.", "A line which is\n * no JSON."],
    passes: ["There is no row.", "It is no longer open.", "It is no more than 4."],
  },
  {
    pattern: /\banswer(?:s|ed|ing)?\b/i,
    remedy: "response, result, return",
    finds: ["It answers a request.", "The first answer of all."],
  },
  { pattern: /\bfolders?\b/i, remedy: "directory", finds: ["The folder of the database."] },
  {
    pattern: /\bremember(?:s|ed|ing)?\b/i,
    remedy: "cache, store",
    finds: ["Accounts that are remembered."],
  },
  {
    pattern: /\b(?:forget(?:s|ting)?|forgot(?:ten)?)\b/i,
    remedy: "evict, delete",
    finds: ["Forgets an account.", "It is forgotten then."],
  },
  {
    pattern: /\bledger lines?\b|\blines? (?:of|in) (?:the|a|its) (?:ledger|table|account|activity)\b/i,
    remedy: "row, entry",
    finds: ["The first line of the ledger.", "Two lines in a table."],
    passes: ["The last line of the file."],
  },
  {
    pattern: /\b(?:texts|a text(?! (?:file|field|node|column))|the text of)\b/i,
    remedy: "string",
    commentsOnly: true,
    finds: ["Two texts.", "Is given a text.", "The text of a key."],
    passes: ["Is given a text file.", "Plain text."],
  },
  {
    pattern: /\bfor(?: ever|ever)\b/i,
    remedy: "permanently, without a limit",
    finds: ["It is kept for ever.", "It waits forever."],
  },
  {
    pattern: /\b(?:knows|tells|hears)\b/i,
    remedy: "has, returns, reports, receives",
    commentsOnly: true,
    finds: ["The server knows the account.", "Tells the version.", "It hears of it."],
    passes: ["A known account."],
  },
  { pattern: /\b(?:un)?seal(?:s|ed|ing)?\b/i, remedy: "hash, close", finds: ["Each entry is sealed."] },
];

/** One avoided wording in a file. */
export interface Finding {
  readonly path: string;
  readonly row: number;
  readonly word: string;
  readonly remedy: string;
}

/** Finds the avoided wordings in the prose of a file: a document, or the comments and strings of code. */
export function findWords(path: string, source: string): Finding[] {
  const findings: Finding[] = [];
  for (const { pattern, remedy, commentsOnly = false } of RULES) {
    const prose = toProse(path, source, commentsOnly);
    const spaced = new RegExp(pattern.source.replaceAll(" ", "\\s+"), `${pattern.flags}g`);
    for (const match of prose.matchAll(spaced)) {
      const row = prose.slice(0, match.index).split("\n").length;
      findings.push({ path, row, word: match[0].replaceAll(/\s+/g, " ").trim(), remedy });
    }
  }
  return findings.sort((one, other) => one.row - other.row);
}

/** The files of the given extensions at or under a path. */
export function listFilesUnder(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) =>
      entry.isDirectory() ? !/^(?:node_modules|dist)$/.test(entry.name) : extname(entry.name) in TOKENS,
    )
    .flatMap((entry) => listFilesUnder(join(path, entry.name).replaceAll("\\", "/")));
}

/** Checks files, and returns the findings that no exception covers and the exceptions that cover nothing. */
export function checkWords(paths: readonly string[]): { findings: Finding[]; unused: typeof EXCEPTIONS } {
  const found = paths.flatMap(listFilesUnder).flatMap((path) => findWords(path, readFileSync(path, "utf8")));
  const covers = (exception: (typeof EXCEPTIONS)[number], { path, word }: Finding) =>
    exception.path === path && (exception.word?.test(word) ?? true);
  return {
    findings: found.filter((finding) => !EXCEPTIONS.some((exception) => covers(exception, finding))),
    unused: EXCEPTIONS.filter((exception) => !found.some((finding) => covers(exception, finding))),
  };
}

const SCRIPT =
  /\/\*[\s\S]*?\*\/|\/\/.*(?:\n[ \t]*\/\/.*)*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g;

/** Comments and strings by a file's extension. Code in a document is all that is not its prose. */
const TOKENS: Readonly<Record<string, RegExp>> = {
  ".ts": SCRIPT,
  ".tsx": SCRIPT,
  ".js": SCRIPT,
  ".jsx": SCRIPT,
  ".mjs": SCRIPT,
  ".css": /\/\*[\s\S]*?\*\//g,
  ".sql": /\/\*[\s\S]*?\*\/|--.*(?:\n[ \t]*--.*)*|'(?:[^']|'')*'/g,
  ".md": /^ *```[\s\S]*?^ *```|`[^`]+`|\]\([^)]*\)/gm,
};

/** The prose of a file at its place. All else is blank, with the rows as they are. */
function toProse(path: string, source: string, commentsOnly: boolean): string {
  const tokens = TOKENS[extname(path)];
  if (tokens === undefined) throw new Error(`${path} has an extension without a rule. Add it to TOKENS.`);
  if (extname(path) === ".md") return commentsOnly ? "" : source.replaceAll(tokens, blank);
  let prose = "";
  let end = 0;
  let wasString = false;
  for (const { 0: token, index } of source.matchAll(tokens)) {
    const isString = /^["'`]/.test(token);
    const gap = source.slice(end, index);
    // The parts of a string that is joined by "+" are one.
    prose += wasString && isString && /^\s*\+\s*$/.test(gap) ? gap.replace("+", " ") : blank(gap);
    prose += isString ? (commentsOnly ? blank(token) : stringProse(token)) : commentProse(token);
    end = index + token.length;
    wasString = isString;
  }
  return prose;
}

function commentProse(comment: string): string {
  const unmarked = comment.replaceAll(/^[ \t]*(?:\/\/+|\/?\*+\/?|--+)|\*\/$/gm, spaces);
  return START + unmarked.replaceAll(/`[^`\n]*`/g, blank).slice(1);
}

/** A string of two words or more, such as a test's name or an error's message. Other strings are data. */
function stringProse(string: string): string {
  if (!/\p{L},? \p{L}/u.test(string)) return blank(string);
  return ` ${string.slice(1, -1).replaceAll(/\$\{[^}]*\}/g, blank)} `;
}

function blank(code: string): string {
  return code.replaceAll(/[^\n]/g, "\0");
}

function spaces(marks: string): string {
  return " ".repeat(marks.length);
}
