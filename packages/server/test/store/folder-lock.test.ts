import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockFolder } from "../../src/store/folder-lock.js";
import { openPglite } from "../../src/store/pglite.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "credits-lock-"));
});

afterEach(() => rm(folder, { recursive: true }));

const lockFile = () => path.join(folder, "lock");

it("keeps a second opening in the same process out, until the first lets go", async () => {
  const unlock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(/is open in process \d+.*use PostgreSQL/);
  await unlock();
  const again = await lockFolder(folder);
  expect(await readFile(lockFile(), "utf8")).toBe(`${process.pid}\n`);
  await again();
});

it("keeps out of a folder another living process has", async () => {
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  try {
    await writeFile(lockFile(), `${other.pid}\n`);
    await expect(lockFolder(folder)).rejects.toThrow(`process ${other.pid}`);
  } finally {
    other.kill("SIGKILL");
  }
});

it.each(["999999999\n", `${process.pid}\n`, "", "rubbish"])(
  "takes over the stale lock %j",
  async (content) => {
    await writeFile(lockFile(), content);
    const unlock = await lockFolder(folder);
    expect(await readFile(lockFile(), "utf8")).toBe(`${process.pid}\n`);
    await unlock();
  },
);

it("a first start that was killed while it made its files is begun anew", async () => {
  await mkdir(path.join(folder, "postgres.unfinished"));
  await writeFile(path.join(folder, "postgres.unfinished", "PG_VERSION"), "18");
  const database = await openPglite({ dataDir: folder });
  expect(await database.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await database.close();
  expect(await readdir(folder)).toEqual(["postgres"]);
});

it("lets one of many through", async () => {
  const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
  const got = tries.filter((one) => one.status === "fulfilled");
  expect(got).toHaveLength(1);
  await got[0]?.value();
});
