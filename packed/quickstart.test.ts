import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { APPS, type AppName, follow } from "./frameworks/apps.js";

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");

/** Returns a file of an app as its developer has it: from the outside app, or else from what `init` writes. */
function readApp(file: string): string {
  const app = `packed/frameworks/apps/${file}`;
  const content = read(
    existsSync(new URL(`../${app}`, import.meta.url)) ? app : `packages/cli/templates/${file}`,
  );
  const name = file.slice(0, file.indexOf("/"));
  const { followed } = APPS[name as AppName];
  return followed !== null && file === `${name}/${followed.file}` ? follow(followed, content) : content;
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
