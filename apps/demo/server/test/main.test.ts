import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../../dist/server/main.js", import.meta.url));
const page = fileURLToPath(new URL("../../dist/web/index.html", import.meta.url));

let folder: string;
let child: ChildProcess | null = null;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "credit-activity-main-"));
});

afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

function run(env: Record<string, string>) {
  const started = spawn(process.execPath, [program], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOST: "127.0.0.1", ...env },
  });
  child = started;
  const said = { text: "" };
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      said.text += part;
    });
  }
  const ended = new Promise<number | null>((resolve) => started.once("exit", resolve));
  const says = async (pattern: RegExp) => {
    while (!pattern.test(said.text)) {
      if (started.exitCode !== null) throw new Error(`It ended: ${said.text}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return pattern.exec(said.text)?.[1] ?? "";
  };
  return { started, said, ended, says };
}

// The program is run as it is built; `npm test` builds it first.
describe.skipIf(!existsSync(program) || !existsSync(page))("the demo's program", () => {
  it("tells where everything is, spends while it runs, and ends in order on SIGTERM", async () => {
    const { started, said, ended, says } = run({
      PORT: "0",
      CREDITS_SECRET_KEY: "sk_given_0123456789abcdef",
    });
    const address = await says(/Demo\s+(http\S+)[\s\S]+Use PostgreSQL/);
    expect(said.text).toContain("sk_given_0123456789abcdef");
    expect(existsSync(path.join(folder, ".data"))).toBe(true);
    expect(await (await fetch(address)).text()).toContain('id="root"');

    const body = JSON.stringify({ account: "acme", project: "storefront", action: "start", prompt: "Go on" });
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${address}/demo/tasks`, { method: "POST", headers, body })).status).toBe(200);
    started.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(said.text).toContain("Stopping");
  });

  it.each([
    [{ PORT: "eighty" }, "PORT"],
    [{ PORT: "70000" }, "PORT"],
    [{ PORT: "0", HOST: "a b" }, "HOST"],
    [{ PORT: "0", DATABASE_URL: "mysql://x" }, "DATABASE_URL"],
    [{ PORT: "0", CREDITS_SECRET_KEY: "short" }, "CREDITS_SECRET_KEY"],
  ])("says in one sentence what is wrong with %o, and exits with 1", async (env, name) => {
    const { said, ended } = run(env);
    expect(await ended).toBe(1);
    expect(said.text.startsWith(name)).toBe(true);
    expect(said.text.trim().split("\n")).toHaveLength(1);
  });
});
