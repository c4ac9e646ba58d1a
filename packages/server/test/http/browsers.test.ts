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
    "access-control-request-headers": "authorization",
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  expect(preflight.headers.get("access-control-allow-headers")).toBe("Authorization");
  const { token } = await ledger.createToken("acme");
  const answer = await ask("GET", { authorization: `Bearer ${token}` });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
});

it("does not let browsers elsewhere send commands, nor anyone keep a balance", async () => {
  const preflight = await ask("OPTIONS", {
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization,content-type",
  });
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET");
  expect(preflight.headers.get("access-control-allow-headers")).not.toMatch(/content-type/i);
  const answer = await ask("GET", { authorization: "Bearer secret" });
  expect(answer.headers.get("cache-control")).toBe("no-store");
});
