import fs, { type PathLike, type StatsFs } from "node:fs";
import { cp } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { createLedger, type LocalLedger } from "@credit-activity/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Directory, makeDirectory, run, serve } from "./command.js";

/*
 * The disks here are made full by functions of node:fs that refuse, so the tests need neither rights to mount nor a disk
 * of a certain size.
 */

const MEGABYTE = 1024 * 1024;

/** Lets the disk report some bytes as free. */
function setRoom(bytes: number): void {
  const real = fs.statfsSync;
  vi.spyOn(fs, "statfsSync").mockImplementation(((file: PathLike) => ({
    ...(real(file) as StatsFs),
    bsize: 1,
    bavail: bytes,
  })) as typeof fs.statfsSync);
  syncBuiltinESMExports();
}

/** Lets no file take another byte, as on a disk that others have filled since its room was read. */
function refuseWrites(): void {
  vi.spyOn(fs, "writeSync").mockImplementation(() => {
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  });
  syncBuiltinESMExports();
}

function freeDisk(): void {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
}

let template: Directory;
let directory: Directory;

beforeAll(async () => {
  template = await makeDirectory();
  const ledger = await createLedger({ database: { dataDir: template.path } });
  await ledger.putAccount("a");
  await ledger.grant("a", { kind: "bonus", credits: "10" }, { key: "grant" });
  await ledger.close();
});

afterAll(() => template.remove());

beforeEach(async () => {
  directory = await makeDirectory();
  await cp(path.join(template.path, "postgres"), path.join(directory.path, "postgres"), { recursive: true });
});

afterEach(async () => {
  freeDisk();
  await directory.remove();
});

describe("a ledger on a full disk", () => {
  let ledger: LocalLedger;

  beforeEach(async () => {
    ledger = await createLedger({ database: { dataDir: directory.path } });
  });

  afterEach(() => ledger.close());

  const get = async (pathname: string) => {
    const response = await ledger.fetch(new Request(`http://localhost${pathname}`));
    return [response.status, ((await response.json()) as { detail?: string }).detail];
  };

  it("refuses commands at once with the reason, reads, and goes on once there is room", async () => {
    setRoom(10 * MEGABYTE);
    const full = expect.stringMatching(/disk of the directory .* has 10 MB left, .* needs 32 MB.*Free room/);
    const refused = { code: "unavailable", message: full };
    await expect(ledger.spend("a", { credits: "1" }, { key: "spend" })).rejects.toMatchObject(refused);
    await expect(ledger.putAccount("b")).rejects.toMatchObject(refused);
    expect((await ledger.getAccount("a")).balance).toBe("10");
    expect(await get("/healthz")).toEqual([200, undefined]);
    expect(await get("/readyz")).toEqual([503, full]);
    freeDisk();
    expect(await get("/readyz")).toEqual([200, undefined]);
    expect((await ledger.spend("a", { credits: "1" }, { key: "spend" })).entry.balance).toBe("9");
  });

  it("survives a panic of the database, and starts it again once there is room", async () => {
    await ledger.spend("a", { credits: "1" }, { key: "before" });
    refuseWrites();
    await expect(ledger.spend("a", { credits: "2" }, { key: "during" })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/No space left on device/),
    });
    setRoom(0);
    const stopped = expect.stringMatching(/has 0 MB left/);
    expect(await get("/healthz")).toEqual([200, undefined]);
    expect(await get("/readyz")).toEqual([503, stopped]);
    await expect(ledger.getAccount("a")).rejects.toMatchObject({ code: "unavailable", message: stopped });
    freeDisk();
    await vi.waitFor(async () => expect(await get("/readyz")).toEqual([200, undefined]), {
      timeout: 40_000,
      interval: 200,
    });
    const { entry } = await ledger.spend("a", { credits: "2" }, { key: "during" });
    expect(entry.balance).toBe("7");
    expect((await ledger.spend("a", { credits: "1" }, { key: "before" })).repeated).toBe(true);
    expect((await ledger.verify()).violations).toEqual([]);
  });

  it("closes without a write, and loses nothing", async () => {
    await ledger.spend("a", { credits: "1" }, { key: "before" });
    refuseWrites();
    await expect(ledger.spend("a", { credits: "2" }, { key: "during" })).rejects.toMatchObject({
      code: "unavailable",
    });
    await ledger.close();
    freeDisk();
    ledger = await createLedger({ database: { dataDir: directory.path } });
    expect((await ledger.spend("a", { credits: "1" }, { key: "before" })).repeated).toBe(true);
    expect((await ledger.verify()).violations).toEqual([]);
  });
});

describe("a command line on a full disk", () => {
  /** Returns the environment of a process whose disk reports some bytes as free. A full one takes none of them. */
  async function toEnvironment(free: number, isFull: boolean): Promise<Record<string, string>> {
    const shim = await directory.write(
      "full.mjs",
      `import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      const { statfsSync, writeSync } = fs;
      fs.statfsSync = (file) => ({ ...statfsSync(file), bsize: 1, bavail: ${free} });
      fs.writeSync = (fd, ...args) => {
        if (${isFull} && fd > 2) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        return writeSync(fd, ...args);
      };
      syncBuiltinESMExports();`,
    );
    return {
      NODE_OPTIONS: `--import ${pathToFileURL(shim).href}`,
      DATA_DIR: directory.path,
    };
  }

  it.each([["serve"], ["verify"], ["keys", "list"]])("ends %s with the reason", async (...args) => {
    const { code, stderr } = await run(args, { PORT: "0", ...(await toEnvironment(1_000, true)) });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/has 0 MB left.*Free room/)]);
    const raced = await run(args, { PORT: "0", ...(await toEnvironment(1e9, true)) });
    expect([raced.code, raced.stderr]).toEqual([
      1,
      expect.stringMatching(/could not be opened: .*No space left/),
    ]);
  });

  it("ends serve at a signal, after commands that were refused", async () => {
    const flag = path.join(directory.path, "flag");
    const shim = await directory.write(
      "later.mjs",
      `import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      const { existsSync, statfsSync } = fs;
      fs.statfsSync = (file) => ({ ...statfsSync(file), ...(existsSync(${JSON.stringify(flag)}) ? { bavail: 0 } : {}) });
      syncBuiltinESMExports();`,
    );
    const server = await serve([], {
      NODE_OPTIONS: `--import ${pathToFileURL(shim).href}`,
      DATA_DIR: directory.path,
      CREDITS_SECRET_KEY: "secret-of-the-tests",
    });
    const spend = () =>
      fetch(`${server.address}/v1/accounts/a/spend`, {
        method: "POST",
        headers: { authorization: "Bearer secret-of-the-tests", "content-type": "application/json" },
        body: JSON.stringify({ credits: "1" }),
      });
    expect((await spend()).status).toBe(201);
    await directory.write("flag", "");
    expect((await spend()).status).toBe(503);
    expect((await server.stop()).code).toBe(0);
  });

  it("refuses to make a database there", async () => {
    const { code, stderr } = await run(["migrate"], {
      ...(await toEnvironment(1_000, false)),
      DATA_DIR: path.join(directory.path, "new"),
    });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/has 0 MB left/)]);
  });
});

describe("a directory that can't be written", () => {
  it("is refused with the remedy", async () => {
    const file = await directory.write("file", "");
    await expect(createLedger({ database: { dataDir: file } })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/can't be written: .*Choose a directory instead of a file\.$/),
    });
  });

  it.runIf(process.platform === "linux")(
    "is refused with the remedy, such as one of a read-only disk",
    async () => {
      // Nobody may make directories there, not even root.
      await expect(createLedger({ database: { dataDir: "/sys/kernel/credits" } })).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringMatching(
          /can't be written: .*(right to write there|so that it can be written)/,
        ),
      });
    },
  );
});
