import { afterAll, beforeAll, expect, it } from "vitest";
import { type Credits, createCredits } from "../../src/index.js";

let ledger: Credits;

beforeAll(async () => {
  ledger = await createCredits({ database: {}, secretKeys: ["secret"] });
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
  const answer = await ask("GET", { authorization: `Bearer ${token}` });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("access-control-expose-headers")).toBe("ETag");
});

it("does not let browsers elsewhere send commands, nor anyone but the reader keep a balance", async () => {
  const preflight = await ask("OPTIONS", {
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization,content-type",
  });
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET");
  expect(preflight.headers.get("access-control-allow-headers")).not.toMatch(/content-type/i);
  const answer = await ask("GET", { authorization: "Bearer secret" });
  expect(answer.headers.get("cache-control")).toBe("private, no-cache");
  for (const [method, headers] of [
    ["GET", {}],
    ["GET", { authorization: "Bearer wrong" }],
    ["PUT", { authorization: "Bearer secret", "content-type": "application/json" }],
    ["DELETE", { authorization: "Bearer secret" }],
  ] as const) {
    const other = await ask(method, headers);
    expect(other.headers.get("cache-control"), method).toBe("no-store");
    expect(other.headers.get("access-control-allow-origin"), method).toBe("*");
  }
});
