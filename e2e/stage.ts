import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, type ExpectStatic, expect } from "vitest";
import { launchBrowser } from "./browser.js";
import { type Demo, startDemo } from "./demo.js";

/** The time limit of anything on the page. */
const WAIT_MS_MAX = 15_000;

/** The window and colors of a page. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

/** The usual view. */
export const wide: View = { width: 1372, height: 869, scheme: "light" };

/** A request the page sent. */
export interface Sent {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** True if a script of the page sent it, false if the browser fetched it: a document, a style, an icon. */
  readonly isScripted: boolean;
}

/** The resource types of requests that only scripts send. */
const SCRIPTED = new Set(["fetch", "xhr", "eventsource", "ping"]);

/** A page of the demo that writes down what it sends and every error it reports. */
export interface Session {
  readonly page: Page;
  readonly context: BrowserContext;
  /** All requests so far, in order. */
  readonly sent: readonly Sent[];
  /** Announces an error that the test causes itself; any other fails the test when it ends. */
  expectError(pattern: RegExp): void;
}

/** The demo and the browser that the tests of a file share. */
export interface Stage {
  readonly demo: Demo;
  /** Opens the demo in a browser without memory. It is closed after the test, which fails if there were errors. */
  open(path?: string, view?: View): Promise<Session>;
}

/** Starts the demo and a browser before the tests of a file, and ends them after them. */
export function useStage(): Stage {
  let demo: Demo | undefined;
  let browser: Browser | undefined;
  const opened: { session: Session; unexpected: () => string[] }[] = [];

  beforeAll(async () => {
    [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
  });
  afterEach(async () => {
    const errors: string[] = [];
    for (const { session, unexpected } of opened.splice(0)) {
      errors.push(...unexpected());
      // A request that a route still handles would otherwise reject after the context is closed.
      await session.context.unrouteAll({ behavior: "ignoreErrors" });
      await session.context.close();
    }
    expect(errors, "errors the page reported").toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const started = (): { demo: Demo; browser: Browser } => {
    if (demo === undefined || browser === undefined) throw new Error("The stage is set before tests only.");
    return { demo, browser };
  };
  return {
    get demo() {
      return started().demo;
    },
    async open(path = "/", view = wide) {
      const { demo, browser } = started();
      const context = await browser.newContext({
        baseURL: demo.address,
        viewport: { width: view.width, height: view.height },
        colorScheme: view.scheme,
        reducedMotion: "reduce",
        locale: "en-US",
        timezoneId: "UTC",
      });
      context.setDefaultTimeout(WAIT_MS_MAX);
      const page = await context.newPage();
      const { session, unexpected } = watch(page, context, demo.address);
      opened.push({ session, unexpected });
      await page.goto(path);
      return session;
    },
  };
}

/** Waits until what is read is as expected: `await eventually(() => title()).toBe("Done")`. */
export function eventually(read: () => unknown, message?: string): ReturnType<ExpectStatic["poll"]> {
  const options = { timeout: WAIT_MS_MAX, interval: 40 };
  return expect.poll(read, message === undefined ? options : { ...options, message });
}

function watch(page: Page, context: BrowserContext, address: string) {
  const sent: Sent[] = [];
  const errors: string[] = [];
  const expected: RegExp[] = [];
  page.on("pageerror", (error) => errors.push(`exception: ${error.message}`));
  page.on("crash", () => errors.push("the page crashed"));
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    errors.push(`console.${message.type()}: ${message.text()} (${message.location().url})`);
  });
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol === "data:") return;
    if (url.origin !== address) errors.push(`request to ${url.origin}`);
    const isScripted = SCRIPTED.has(request.resourceType());
    sent.push({ method: request.method(), path: url.pathname + url.search, isScripted });
  });
  const session: Session = { page, context, sent, expectError: (pattern) => expected.push(pattern) };
  const unexpected = () => errors.filter((error) => !expected.some((pattern) => pattern.test(error)));
  return { session, unexpected };
}
