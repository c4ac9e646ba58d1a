import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../config.js";
import { type DemoServer, startDemoServer } from "../demo-server.js";

let directory: string;
let webDir: string;
let server: DemoServer;
const logger = pino({ level: "silent" });

const start = (env: Record<string, string>) =>
  startDemoServer({ config: readConfig({ PORT: "0", ...env }), webDir, logger });

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "credit-activity-demo-"));
  webDir = path.join(directory, "web");
  await mkdir(path.join(webDir, "assets"), { recursive: true });
  await writeFile(path.join(webDir, "index.html"), "<title>Plinth</title>");
  await writeFile(path.join(webDir, "assets", "index-abc123.js"), "export {};");
  server = await start({ DATA_DIR: path.join(directory, "data") });
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

const post = (at: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(server.address + at, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

describe("the server of the demo", () => {
  it("serves the page, and lets files with a hash in their names be cached", async () => {
    const page = await fetch(`${server.address}/`);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    const script = await fetch(`${server.address}/assets/index-abc123.js`);
    expect(script.headers.get("content-type")).toContain("javascript");
    expect(script.headers.get("cache-control")).toContain("immutable");
    expect(await (await fetch(`${server.address}/projects/any`)).text()).toContain("Plinth");
    expect((await fetch(`${server.address}/assets/missing.js`)).status).toBe(404);
  });

  it("serves the API with the key in the data directory, which only its owner can read", async () => {
    const account = `${server.address}/v1/accounts/acme`;
    expect((await fetch(account)).status).toBe(401);
    const response = await fetch(account, { headers: { authorization: `Bearer ${server.secretKey}` } });
    expect(((await response.json()) as { metadata: { plan: string } }).metadata.plan).toBe("Pro");
    expect((await fetch(`${server.address}/readyz`)).status).toBe(200);
    expect((await fetch(`${server.address}/openapi.json`)).status).toBe(200);
    expect((await stat(path.join(directory, "data", "secret-key"))).mode & 0o077).toBe(0);
  });

  it("creates a token for the page that only reads its account", async () => {
    const { token } = (await (await post("/demo/token", { account: "acme" })).json()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    const page = await fetch(`${server.address}/v1/accounts/acme/activity`, { headers });
    expect(((await page.json()) as { rows: unknown[] }).rows).toHaveLength(8);
    expect((await fetch(`${server.address}/v1/accounts/fresh`, { headers })).status).toBe(403);
    expect((await post("/v1/accounts/acme/grants", { kind: "purchase", credits: "1" }, headers)).status).toBe(
      403,
    );
    expect((await post("/demo/token", { account: "other" })).status).toBe(404);
  });

  it("keeps other sites out of the demo's routes", async () => {
    const body = { account: "acme" };
    expect((await post("/demo/token", body, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await post("/demo/token", body, { "sec-fetch-site": "same-site" })).status).toBe(403);
    expect((await post("/demo/token", body, { origin: "https://elsewhere.example" })).status).toBe(403);
    expect((await post("/demo/token", body, { origin: server.address })).status).toBe(200);
    expect((await post("/demo/token", body, { "content-type": "text/plain" })).status).toBe(415);
    expect(await statusFor("/demo/accounts", "rebound.example")).toBe(403);
    expect(await statusFor("/demo/accounts", "localhost:3000")).toBe(200);
  });

  it("refuses requests that are not valid", async () => {
    const place = { account: "fresh", project: "portfolio" };
    expect((await post("/demo/tasks", { ...place, action: "start", prompt: " " })).status).toBe(400);
    expect((await post("/demo/tasks", { ...place, action: "explode" })).status).toBe(400);
    expect(
      (await post("/demo/tasks", { account: "fresh", project: "storefront", action: "stop" })).status,
    ).toBe(404);
    expect(
      (await post("/demo/tasks", { ...place, action: "start", prompt: "x".repeat(20_000) })).status,
    ).toBe(413);
    expect((await post("/demo/credits", { account: "fresh", order: "?" })).status).toBe(400);
  });

  it("reports a port in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    await expect(start({ PORT: String(port), DATA_DIR: path.join(directory, "other") })).rejects.toThrow(
      /in use/,
    );
    other.close();
  });
});

/** Sends a request with another Host header, which `fetch` would not send. */
function statusFor(at: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(server.address + at, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
