import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");

/** The rows that `init` leaves to the developer, by the marks in the files of the apps. */
const FOLLOWED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "express/server.ts": { "// mount": 'app.use("/api/credits", credits);' },
  "hono/server.ts": { "// mount": 'app.route("/api/credits", credits);' },
};

/** Returns a file of an app as its developer has it: from the outside app, or else from what `init` writes. */
function readApp(file: string): string {
  const app = `packed/frameworks/apps/${file}`;
  let content = read(
    existsSync(new URL(`../${app}`, import.meta.url)) ? app : `packages/cli/templates/${file}`,
  );
  const marks = {
    "\n// import": 'import { credits, getAccount, getLedger } from "./credits.js";',
    ...FOLLOWED[file],
  };
  for (const [mark, rows] of Object.entries(marks)) content = content.replace(mark, rows);
  return content;
}

const quickstart = read("docs/quickstart.md");
const shown = [...quickstart.matchAll(/```ts title="(.+)"\n([\s\S]*?)```/g)];

describe("the quickstart shows files of the apps that the checks of frameworks run", () => {
  it.each(shown.map(([, file = "", content = ""]) => [file, content]))("%s", (file, content) => {
    expect(content).toBe(readApp(file));
  });

  it("shows one per framework at least", () => {
    expect(shown.map(([, file]) => file?.split("/")[0])).toEqual(
      expect.arrayContaining(["next", "express", "hono"]),
    );
  });
});
