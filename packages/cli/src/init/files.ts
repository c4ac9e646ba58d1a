import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** The effect of `init` on a file. A file that differs from its template is the developer's, and stays. */
export type Effect = "written" | "unchanged" | "kept" | "extended";

/** Writes a file, unless there is one. */
export async function writeNew(file: string, content: string): Promise<Effect> {
  if (existsSync(file)) return (await readFile(file, "utf8")) === content ? "unchanged" : "kept";
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return "written";
}

/** Appends rows to a file, unless one of its rows begins so. The file is made where it is missing. */
export async function appendOnce(file: string, begin: string, rows: readonly string[]): Promise<Effect> {
  const before = existsSync(file) ? await readFile(file, "utf8") : null;
  if (before?.split(/\r?\n/).some((row) => row.startsWith(begin)) ?? false) return "unchanged";
  const gap = before === null || before === "" ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  await appendFile(file, `${gap}${rows.join("\n")}\n`);
  return before === null ? "written" : "extended";
}

/** Matches a type in a template of JavaScript. */
const TYPE = / ?\/\*(: .+?) \*\//g;

/** Returns a template with its types, for TypeScript, or without. */
export function toLanguage(template: string, isTypeScript: boolean): string {
  return template.replaceAll(TYPE, isTypeScript ? "$1" : "");
}
