import { readFileSync } from "node:fs";
import type { App } from "./context.js";

const PACKAGE = new URL("../../package.json", import.meta.url);

const DESCRIPTION = `The ledger behind a credit balance. Amounts are decimal strings with at most 6 decimals; times are RFC 3339 in UTC.

Every POST but usage takes an **Idempotency-Key**: the same key with the same payload gives the first answer again (200) and moves nothing; with another payload it is refused (409). Refusals do not use a key up. Errors are RFC 9457 problem documents with a stable \`code\`.`;

/** The OpenAPI 3.1 document, made from the schemas that validate the requests. */
export function documentOf(app: App): object {
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string };
  app.openAPIRegistry.registerComponent("securitySchemes", "secretKey", {
    type: "http",
    scheme: "bearer",
    description: "A secret key, made with the command line. For your own servers only.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "accountToken", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A short-lived token that reads one account and nothing else.",
  });
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Credit Activity", version, description: DESCRIPTION, license: { name: "Apache-2.0" } },
    tags: [{ name: "Accounts" }, { name: "Commands" }, { name: "Holds" }, { name: "Reading" }],
  });
}
