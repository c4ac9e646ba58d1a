import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockFolder } from "../../src/store/folder-lock.js";
import { openPglite } from "../../src/store/pglite.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "credits-lock-"));
});

afterEach(() => rm(folder, { recursive: true }));

const lockFile = () => path.join(folder, "lock");

const holderOf = async () => JSON.parse(await readFile(lockFile(), "utf8")) as Record<string, unknown>;

/** A lock as a process of this place, or another, would write it. */
async function writeLock(holder: Record<string, unknown>): Promise<void> {
  const unlock = await lockFolder(folder);
  const own = await holderOf();
  await unlock();
  await writeFile(lockFile(), JSON.stringify({ ...own, nonce: "another", ...holder }));
}

it("keeps a second opening in the same process out, until the first lets go", async () => {
  const unlock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(/is open in process \d+.*use PostgreSQL/);
  await unlock();
  const again = await lockFolder(folder);
  expect((await holderOf()).pid).toBe(process.pid);
  await again();
  expect(await readdir(folder)).toEqual([]);
});

it("keeps out of a folder another living process has", async () => {
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  try {
    await writeLock({ pid: other.pid });
    await expect(lockFolder(folder)).rejects.toThrow(`process ${other.pid}`);
  } finally {
    other.kill("SIGKILL");
  }
});

it("keeps out of a folder that shows life from elsewhere, whatever process id it has there", async () => {
  await writeLock({ pid: process.pid, place: "another container" });
  let isDone = false;
  const beating = (async () => {
    while (!isDone) {
      await utimes(lockFile(), new Date(), new Date());
      await sleep(300);
    }
  })();
  try {
    await expect(lockFolder(folder)).rejects.toThrow("another container");
  } finally {
    isDone = true;
    await beating;
  }
});

it.each<Record<string, unknown>>([{ pid: 999_999_999 }, { pid: process.pid }, { pid: "rubbish" }])(
  "takes over the stale lock of %j",
  async (holder) => {
    await writeLock(holder);
    const unlock = await lockFolder(folder);
    expect((await holderOf()).nonce).not.toBe("another");
    await unlock();
  },
);

it("takes over a lock from elsewhere that has been silent for long, and leaves it to its new holder", async () => {
  const late = await lockFolder(folder);
  await writeFile(lockFile(), JSON.stringify({ pid: 1, place: "elsewhere", nonce: "gone" }));
  await utimes(lockFile(), new Date(0), new Date(0));
  const unlock = await lockFolder(folder);
  await late();
  expect((await holderOf()).pid).toBe(process.pid);
  await unlock();
});

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
