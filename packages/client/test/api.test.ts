import { readFile } from "node:fs/promises";
import { generateApiTypes } from "@credit-activity/api-types";
import { expect, test } from "vitest";

test("api.ts is generated from the committed openapi.json", async () => {
  const document = await readFile(new URL("../../server/openapi.json", import.meta.url), "utf8");
  const types = await readFile(new URL("../src/api.ts", import.meta.url), "utf8");
  expect(types, "api.ts is out of date. Run `npm run generate`.").toBe(await generateApiTypes(document));
});

test("a document without a component that has a hand-written type is refused", async () => {
  const document = JSON.stringify({ openapi: "3.1.0", info: { title: "t", version: "1" }, paths: {} });
  await expect(generateApiTypes(document)).rejects.toThrow("has no #/components/schemas/Amount");
});
