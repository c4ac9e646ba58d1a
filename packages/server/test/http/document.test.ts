import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openLedger, type TestLedger } from "./ledger.js";
import { listRoutes, resolve } from "./openapi-schema.js";

const COPY = new URL("../../openapi.json", import.meta.url);

/** A schema of an app that has the name of one of ours. */
const appSchema = z.object({}).meta({ id: "Entry" });

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger({ engine: "pglite" });
});
afterAll(() => ledger.drop());

describe("the OpenAPI document", () => {
  it("is the committed one", async () => {
    const served = `${JSON.stringify(ledger.document, null, 2)}\n`;
    const committed = await readFile(COPY, "utf8").catch(() => "");
    expect(
      committed === served,
      "packages/server/openapi.json is not the document that is served. If the change is intended, run: npm run generate",
    ).toBe(true);
  });

  it("shares no name with the schemas of an app that uses zod too", () => {
    expect(z.globalRegistry.get(appSchema)).toEqual({ id: "Entry" });
    expect(Object.keys(z.toJSONSchema(z.globalRegistry).schemas)).toEqual(["Entry"]);
    expect(ledger.document.components.schemas.Entry?.required).toContain("seq");
  });

  it("is OpenAPI 3.1 with a title, a version and known tags", () => {
    const { openapi, info, tags } = ledger.document;
    expect(openapi).toBe("3.1.0");
    expect(info).toMatchObject({
      title: "Credit Activity",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
    const known = new Set(tags.map((tag) => tag.name));
    for (const { path, operation } of listRoutes(ledger.document)) {
      for (const tag of (operation as { tags?: string[] }).tags ?? []) expect(known, path).toContain(tag);
    }
  });

  it("resolves each of its references, and uses each of its schemas", () => {
    const refs = [...JSON.stringify(ledger.document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]);
    expect(refs.length).toBeGreaterThan(20);
    for (const ref of refs) expect(() => resolve(ledger.document, ref as string)).not.toThrow();
    const used = new Set(refs.map((ref) => ref?.split("/").at(-1)));
    expect(Object.keys(ledger.document.components.schemas).filter((name) => !used.has(name))).toEqual([]);
  });

  it("names each operation once, with its parameters, its security and its responses", () => {
    const routes = listRoutes(ledger.document);
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(ids.every((id) => /^[a-z][A-Za-z]+$/.test(id ?? ""))).toBe(true);
    expect(new Set(ids).size).toBe(routes.length);
    for (const { method, path, operation } of routes) {
      const shown = `${method} ${path}`;
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
      const named = (operation.parameters ?? []).filter((one) => one.in === "path");
      expect(named.map((one) => one.name).sort(), shown).toEqual(inPath.sort());
      expect(
        named.every((one) => one.required),
        shown,
      ).toBe(true);
      for (const way of operation.security ?? []) {
        for (const scheme of Object.keys(way)) {
          expect(Object.keys(ledger.document.components.securitySchemes), shown).toContain(scheme);
        }
      }
      expect(operation.security?.length, shown).toBeGreaterThan(0);
      expect(Object.keys(operation.responses), shown).toEqual(expect.arrayContaining(["401", "403"]));
      if (method !== "GET") expect(operation.requestBody, shown).toBeDefined();
      if (method === "POST" && !/usage|tokens/.test(path)) {
        const headers = (operation.parameters ?? []).filter((one) => one.in === "header");
        expect(
          headers.map((one) => one.name),
          shown,
        ).toEqual(["idempotency-key"]);
      }
    }
  });

  it("has patterns that are valid regular expressions", () => {
    for (const [, pattern] of JSON.stringify(ledger.document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)) {
      const source = JSON.parse(pattern as string) as string;
      expect(() => new RegExp(source, "u")).not.toThrow();
      expect(source).not.toMatch(/\/[a-z]*$/);
    }
  });
});
