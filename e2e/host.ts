import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launchBrowser } from "./browser.js";
import { buildWithVite } from "./vite.js";

const ORIGIN = "http://host.test";

/** It forbids inline styles and scripts. */
const POLICY = "default-src 'none'; img-src data:; script-src 'self'; style-src 'self'";

/** A page of another app, which has Credit Activity in the element `#host`. */
export interface HostPage {
  readonly body: string;
  /** Attributes of the root element, such as `class="dark"`. */
  readonly root?: string;
  /** The contents of the stylesheets, in order. */
  readonly styles: readonly string[];
  readonly width?: number;
  readonly scheme?: "light" | "dark";
}

/** Pages of other apps, in one browser. */
export interface Host {
  /** Opens a page and waits for its rows. The test fails if the page reports an error. */
  open(page: HostPage): Promise<Page>;
}

/** Builds the script of the pages and starts a browser before the tests of a file. */
export function useHost(): Host {
  let script = "";
  let browser: Browser | undefined;
  const errors: string[] = [];
  const opened: Page[] = [];

  beforeAll(async () => {
    [script, browser] = await Promise.all([buildScript(), launchBrowser()]);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((page) => page.context().close()));
    expect(errors.splice(0), "errors the page reported").toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
  });

  return {
    async open(host) {
      if (browser === undefined) throw new Error("The browser runs in tests only.");
      const { width = 1200, scheme = "light" } = host;
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme: scheme,
        reducedMotion: "reduce",
      });
      const page = await context.newPage();
      opened.push(page);
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
      });
      await page.route("**/*", (route) => {
        const path = new URL(route.request().url()).pathname;
        const style = /^\/(\d+)\.css$/.exec(path);
        if (style !== null) {
          return route.fulfill({ contentType: "text/css", body: host.styles[Number(style[1])] ?? "" });
        }
        if (path === "/page.js") return route.fulfill({ contentType: "text/javascript", body: script });
        const headers = { "content-security-policy": POLICY };
        return route.fulfill({ contentType: "text/html", headers, body: toHtml(host) });
      });
      await page.goto(`${ORIGIN}/`);
      await page.locator("#host .credits-moved").first().waitFor({ state: "attached" });
      return page;
    },
  };
}

function toHtml({ body, root = "", styles }: HostPage): string {
  const links = styles.map((_, index) => `<link rel="stylesheet" href="/${index}.css">`);
  return `<!doctype html>
<html lang="en" ${root}>
<head><meta charset="utf-8"><title>Host</title><link rel="icon" href="data:,">${links.join("")}</head>
<body>${body}<script type="module" src="/page.js"></script></body>
</html>`;
}

async function buildScript(): Promise<string> {
  const outputs = await buildWithVite("e2e/host/page.tsx");
  const chunk = outputs.find((one) => one.type === "chunk" && one.isEntry);
  if (chunk?.type !== "chunk") throw new Error("Vite built no script. Check e2e/host/page.tsx.");
  return chunk.code;
}
