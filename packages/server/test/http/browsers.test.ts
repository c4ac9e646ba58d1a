import { afterAll, beforeAll, expect, it } from "vitest";
import { createLedger, type LocalLedger } from "../../src/index.js";

let ledger: LocalLedger;

beforeAll(async () => {
  ledger = await createLedger({ database: { memory: true }, secretKeys: ["secret-of-the-tests"] });
  await ledger.putAccount("acme");
});

afterAll(() => ledger.close());

const ask = (method: string, headers: Record<string, string>) =>
  ledger.fetch(
    new Request("http://api.example/v1/accounts/acme", {
      method,
      headers: { origin: "https://app.example", ...headers },
    }),
  );

it("lets a page on another origin read with its token", async () => {
  const preflight = await ask("OPTIONS", {
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization,if-none-match",
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  expect(preflight.headers.get("access-control-allow-headers")).toBe("Authorization,If-None-Match");
  const { token } = await ledger.createToken("acme");
  const reply = await ask("GET", { authorization: `Bearer ${token}` });
  expect(reply.status).toBe(200);
  expect(reply.headers.get("access-control-allow-origin")).toBe("*");
  expect(reply.headers.get("access-control-expose-headers")).toBe("ETag");
});

it("lets no page on another origin send commands, and no shared cache store a balance", async () => {
  const preflight = await ask("OPTIONS", {
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization,content-type",
  });
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET");
  expect(preflight.headers.get("access-control-allow-headers")).not.toMatch(/content-type/i);
  const reply = await ask("GET", { authorization: "Bearer secret-of-the-tests" });
  expect(reply.headers.get("cache-control")).toBe("private, no-cache");
  for (const [method, headers] of [
    ["GET", {}],
    ["GET", { authorization: "Bearer wrong" }],
    ["PUT", { authorization: "Bearer secret-of-the-tests", "content-type": "application/json" }],
    ["DELETE", { authorization: "Bearer secret-of-the-tests" }],
  ] as const) {
    const other = await ask(method, headers);
    expect(other.headers.get("cache-control"), method).toBe("no-store");
    expect(other.headers.get("access-control-allow-origin"), method).toBe("*");
  }
});
