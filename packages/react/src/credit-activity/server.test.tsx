// @vitest-environment node
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { renderToPipeableStream, renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeReader } from "../testing/fake-reader.js";
import { history } from "../testing/history.js";
import { CreditActivity } from "./credit-activity.js";

const element = (
  <CreditActivity
    baseUrl="/api/credits"
    account="acme"
    getToken={() => Promise.reject(new Error("A server needs no token."))}
    labels={{ title: "Guthaben" }}
  />
);

beforeEach(() => {
  vi.spyOn(console, "error");
  vi.spyOn(console, "warn");
});
afterEach(() => {
  expect(console.error).not.toHaveBeenCalled();
  expect(console.warn).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

test("on a server the page renders as its first load", () => {
  const reader = fakeReader(history(3));
  const html = renderToString(<CreditActivity client={reader} account="acme" timeZone="UTC" />);
  expect(html).toContain("Loading credit activity.");
  expect(reader.pageCalls).toHaveLength(0);
});

test("a page with a relative baseUrl renders on a server", async () => {
  expect("document" in globalThis || "location" in globalThis).toBe(false);
  const fetch = vi.spyOn(globalThis, "fetch");
  const html = renderToString(element);
  expect(html).toContain("Guthaben");
  expect(html).toContain("Loading credit activity.");
  const streamed = new PassThrough();
  renderToPipeableStream(element).pipe(streamed);
  expect(await text(streamed)).toContain("Loading credit activity.");
  expect(fetch).not.toHaveBeenCalled();
});

test("rendering reads no clock and no random number", () => {
  const unwanted = vi.fn();
  const RealDate = Date;
  const Spied = new Proxy(RealDate, {
    construct(target, args: [], newTarget) {
      if (args.length === 0) unwanted("new Date()");
      return Reflect.construct(target, args, newTarget);
    },
    apply() {
      unwanted("Date()");
      return "";
    },
  });
  vi.stubGlobal("Date", Spied);
  vi.spyOn(Math, "random").mockImplementation(() => {
    unwanted("Math.random()");
    return 0;
  });
  vi.spyOn(RealDate, "now").mockImplementation(() => {
    unwanted("Date.now()");
    return 0;
  });
  vi.spyOn(crypto, "randomUUID").mockImplementation(() => {
    unwanted("crypto.randomUUID()");
    return "0-0-0-0-0";
  });
  try {
    renderToString(element);
    renderToString(<CreditActivity client={fakeReader(history(3))} account="acme" />);
  } finally {
    vi.unstubAllGlobals();
  }
  expect(unwanted.mock.calls).toEqual([]);
});
