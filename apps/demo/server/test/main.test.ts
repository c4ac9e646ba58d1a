import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../dist/server/main.js", import.meta.url));
const PAGE = fileURLToPath(new URL("../../dist/web/index.html", import.meta.url));

let directory: string;
let child: ChildProcess | null = null;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "credit-activity-main-"));
});

afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(directory, { recursive: true, force: true });
});

function run(env: Record<string, string>) {
  const started = spawn(process.execPath, [PROGRAM], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOST: "127.0.0.1", ...env },
  });
  child = started;
  const output = { text: "" };
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      output.text += part;
    });
  }
  const ended = new Promise<number | null>((resolve) => started.once("exit", resolve));
  const printed = async (pattern: RegExp) => {
    while (!pattern.test(output.text)) {
      if (started.exitCode !== null) throw new Error(`The program ended: ${output.text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return pattern.exec(output.text)?.[1] ?? "";
  };
  return { started, output, ended, printed };
}

// The built program is tested. `npm test` builds it first.
describe.skipIf(!existsSync(PROGRAM) || !existsSync(PAGE))("the program of the demo", () => {
  it("prints its addresses, spends while it runs, and ends regularly on SIGTERM", async () => {
    const { started, output, ended, printed } = run({
      PORT: "0",
      CREDITS_SECRET_KEY: "sk_given_0123456789abcdef",
    });
    const address = await printed(/Demo\s+(http\S+)[\s\S]+Use PostgreSQL/);
    expect(output.text).toContain("sk_given_0123456789abcdef");
    expect(existsSync(path.join(directory, ".data"))).toBe(true);
    expect(await (await fetch(address)).text()).toContain('id="root"');

    const body = JSON.stringify({ account: "acme", project: "storefront", action: "start", prompt: "Go on" });
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${address}/demo/tasks`, { method: "POST", headers, body })).status).toBe(200);
    started.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(output.text).toContain("Stopping");
  });

  it.each([
    [{ PORT: "eighty" }, "PORT"],
    [{ PORT: "70000" }, "PORT"],
    [{ PORT: "0", HOST: "a b" }, "HOST"],
    [{ PORT: "0", DATABASE_URL: "mysql://x" }, "DATABASE_URL"],
    [{ PORT: "0", CREDITS_SECRET_KEY: "short" }, "CREDITS_SECRET_KEY"],
  ])("reports the fault of %o in one line, and exits with 1", async (env, name) => {
    const { output, ended } = run(env);
    expect(await ended).toBe(1);
    expect(output.text.startsWith(name)).toBe(true);
    expect(output.text.trim().split("\n")).toHaveLength(1);
  });
});
