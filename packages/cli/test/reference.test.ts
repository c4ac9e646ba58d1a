import { describe, expect, it } from "vitest";
import { respondWithReference } from "../src/reference.js";

const ORIGIN = "http://127.0.0.1";

const get = (path: string, method = "GET") =>
  respondWithReference(new Request(`${ORIGIN}${path}`, { method }));

describe("the reference", () => {
  it.each(["/docs", "/api/credits/docs"])(
    "loads nothing from other origins, and only what is beside it: %s",
    async (path) => {
      const page = await get(path);
      expect(page?.headers.get("content-type")).toMatch(/^text\/html/);
      const policy = page?.headers.get("content-security-policy") ?? "";
      expect(policy).toMatch(/default-src 'none'/);
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
      expect(page?.headers.get("x-content-type-options")).toBe("nosniff");
      expect(page?.headers.get("referrer-policy")).toBe("no-referrer");
      const text = (await page?.text()) ?? "";
      expect(text).not.toMatch(/(?:https?:)?\/\/[a-z]/i);
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)/);
      const assets = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string);
      const local = assets.filter((asset) => !asset.startsWith("data:"));
      expect(local).toHaveLength(3);
      for (const asset of local) {
        const { pathname } = new URL(asset, `${ORIGIN}${path}`);
        expect(pathname.startsWith(path)).toBe(true);
        const served = await get(pathname);
        expect(served?.status, asset).toBe(200);
        const type = asset.endsWith(".css") ? /^text\/css/ : /^text\/javascript/;
        expect(served?.headers.get("content-type"), asset).toMatch(type);
        const body = (await served?.text()) ?? "";
        expect(body.length, asset).toBeGreaterThan(50);
        if (asset.endsWith(".css")) expect(body).not.toMatch(/url\(\s*["']?(?:https?:)?\/\//);
      }
    },
  );

  it("has no body for HEAD, and leaves other methods to the ledger", async () => {
    const head = await get("/docs", "HEAD");
    expect([head?.status, await head?.text()]).toEqual([200, ""]);
    expect(await get("/docs", "POST")).toBeNull();
  });

  it.each([
    "/docs/package.json",
    "/docs/index.html",
    "/docs/..%2Fpackage.json",
    "/docs/constructor",
    "/docs/__proto__",
    "/docs/swagger-ui.css%00",
    "/docs/",
    "/v1/accounts/docs-2",
    "/healthz",
  ])("leaves %s to the ledger", async (path) => {
    expect(await get(path)).toBeNull();
  });
});
