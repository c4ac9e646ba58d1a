import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, utimesSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { hasEmbeddedDatabase } from "../../src/db/pglite/directory.js";
import { lockDirectory } from "../../src/db/pglite/directory-lock.js";
import { openPglite } from "../../src/db/pglite/open.js";

const SIGNALS = Object.keys(constants.signals) as NodeJS.Signals[];
const listenersBefore = SIGNALS.map((signal) => process.listeners(signal));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "credits-lock-"));
});

afterEach(() => rm(directory, { recursive: true }));

const lockPath = () => path.join(directory, "lock");
const ownerFile = () => path.join(directory, "lock.json");

const readOwner = async () => JSON.parse(await readFile(ownerFile(), "utf8")) as Record<string, unknown>;

const lock = () => lockDirectory(directory);

/** Writes a lock as another opening does, last updated some milliseconds ago. */
async function writeLock(owner: Record<string, unknown> | string, ageMs = 0): Promise<void> {
  const held = await lock();
  const own = await readOwner();
  await held.release();
  await mkdir(lockPath());
  const content =
    typeof owner === "string"
      ? owner
      : JSON.stringify({ ...own, startedAt: null, nonce: "another", ...owner });
  await writeFile(ownerFile(), content);
  await touch(ageMs);
}

async function touch(ageMs = 0): Promise<void> {
  const at = new Date(Date.now() - ageMs);
  await utimes(lockPath(), at, at);
}

/** Updates the lock, as its holder does, while something runs. */
async function whileUpdated<T>(work: () => Promise<T>): Promise<T> {
  let isDone = false;
  const updating = (async () => {
    while (!isDone) {
      await touch();
      await sleep(300);
    }
  })();
  try {
    return await work();
  } finally {
    isDone = true;
    await updating;
  }
}

it("keeps a second opening in the same process out until the first releases the directory", async () => {
  const held = await lock();
  await expect(lock()).rejects.toThrow(/is open in this process already.*Use one ledger/);
  await held.release();
  const again = await lock();
  expect((await readOwner()).pid).toBe(process.pid);
  await again.release();
  expect(await readdir(directory)).toEqual([]);
});

it("keeps a second opening out that names the directory otherwise", async () => {
  const held = await lock();
  const other = path.join(directory, "..", path.basename(directory), ".");
  await expect(lockDirectory(other)).rejects.toThrow(/is open in this process already/);
  await held.release();
});

it.each([0, 3_600_000])(
  "keeps out of a directory of another running process, updated %d ms ago",
  async (ageMs) => {
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    try {
      await writeLock({ pid: other.pid }, ageMs);
      await expect(lock()).rejects.toThrow(`process ${other.pid}`);
    } finally {
      other.kill("SIGKILL");
    }
  },
);

it("keeps out of a directory that is updated from elsewhere, whatever process id it has there", async () => {
  await writeLock({ pid: process.pid, place: "another container" });
  await whileUpdated(() => expect(lock()).rejects.toThrow("another container"));
});

it("keeps out of a directory that is updated by an unknown process", async () => {
  await writeLock("rubbish");
  await whileUpdated(() => expect(lock()).rejects.toThrow(/is open in another process.*delete ".*lock"/));
});

it("takes over the lock of a process that was killed just now, within seconds", async () => {
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  await writeLock({ pid: other.pid });
  other.kill("SIGKILL");
  await once(other, "exit");
  const start = performance.now();
  const held = await lock();
  expect(performance.now() - start).toBeLessThan(6_000);
  expect((await readOwner()).nonce).not.toBe("another");
  await held.release();
});

it.runIf(process.platform === "linux")(
  "takes over the lock of a process whose id another one has now",
  async () => {
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    try {
      await writeLock({ pid: other.pid, startedAt: "1" }, 3_600_000);
      const held = await lock();
      expect((await readOwner()).startedAt).toMatch(/^\d+$/);
      await held.release();
    } finally {
      other.kill("SIGKILL");
    }
  },
);

it.runIf(process.platform === "linux")(
  "takes over the lock of a process that has ended as a zombie",
  async () => {
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"]);
    try {
      const [printed] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(printed.toString());
      await vi.waitFor(
        async () => expect(await readFile(`/proc/${pid}/stat`, "utf8")).toMatch(/\) Z /),
        10_000,
      );
      await writeLock({ pid, startedAt: null }, 3_600_000);
      const held = await lock();
      await held.release();
    } finally {
      parent.kill("SIGKILL");
    }
  },
);

it("updates its lock while a long query keeps the event loop busy", async () => {
  const held = await lock();
  const before = (await stat(lockPath())).mtimeMs;
  // The event loop does not turn here.
  for (const end = performance.now() + 30_000; performance.now() < end; ) {
    if (statSync(lockPath()).mtimeMs > before + 3_000) break;
  }
  expect(statSync(lockPath()).mtimeMs).toBeGreaterThan(before + 3_000);
  held.assertHeld();
  await held.release();
});

it("does not rely on its lock after the whole process was stopped, until it has updated it again", async () => {
  const script = `
    const { lockDirectory } = await import(${JSON.stringify(new URL("../../dist/db/pglite/directory-lock.js", import.meta.url).href)});
    const held = await lockDirectory(${JSON.stringify(directory)});
    let last;
    setInterval(() => {
      let state = "held";
      try { held.assertHeld(); } catch (error) { state = error.kind; }
      if (state !== last) process.stdout.write(state + "\\n");
      last = state;
    }, 20);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let printed = "";
  holder.stdout.on("data", (text) => {
    printed += text;
  });
  try {
    await vi.waitFor(() => expect(printed).toBe("held\n"), 20_000);
    await expect(lock()).rejects.toThrow(`is open in process ${holder.pid}`);
    holder.kill("SIGSTOP");
    await sleep(11_000);
    holder.kill("SIGCONT");
    await vi.waitFor(() => expect(printed).toBe("held\nunavailable\nheld\n"), 30_000);
  } finally {
    holder.kill("SIGKILL");
  }
});

it("waits for an update where the clock of another place may be behind", async () => {
  await writeLock({ pid: 1, place: "elsewhere" }, 3_600_000);
  const taking = lock();
  const updates = setInterval(
    () => utimesSync(lockPath(), new Date(1), new Date(Date.now() - 3_600_000)),
    1_500,
  );
  await expect(taking).rejects.toThrow(/is open in process 1 \(elsewhere\)/);
  clearInterval(updates);
});

it.each<Record<string, unknown> | string>([
  { pid: 999_999_999 },
  { pid: process.pid },
  { pid: "rubbish" },
  "rubbish",
  { pid: 1, place: "elsewhere" },
])("takes over the stale lock of %j", async (owner) => {
  await writeLock(owner, 3_600_000);
  const held = await lock();
  expect((await readOwner()).nonce).not.toBe("another");
  expect((await readOwner()).pid).toBe(process.pid);
  await held.release();
});

it.each<Record<string, unknown> | string>([{ pid: 1, place: "elsewhere" }, "rubbish"])(
  "waits until the lock of %j has had no update for 20 seconds",
  async (owner) => {
    await writeLock(owner, 17_000);
    const start = performance.now();
    const held = await lock();
    expect(performance.now() - start).toBeGreaterThan(2_500);
    await held.release();
  },
);

it("takes over the lock file of an earlier version", async () => {
  await writeFile(lockPath(), JSON.stringify({ pid: 1, place: "elsewhere", nonce: "earlier" }));
  await touch(3_600_000);
  const held = await lock();
  expect((await stat(lockPath())).isDirectory()).toBe(true);
  await held.release();
});

it("starts at once where a process has released its lock and left its owner file", async () => {
  await writeFile(ownerFile(), JSON.stringify({ pid: 1, place: "elsewhere", nonce: "gone" }));
  const held = await lock();
  expect((await readOwner()).pid).toBe(process.pid);
  await held.release();
});

it("leaves a lock that was taken over to its new holder", async () => {
  const late = await lock();
  await writeFile(ownerFile(), JSON.stringify({ pid: 1, place: "elsewhere", nonce: "new" }));
  await late.release();
  expect((await readOwner()).nonce).toBe("new");
  expect((await stat(lockPath())).isDirectory()).toBe(true);
});

it("adds no handlers of signals to the process", async () => {
  const held = await lock();
  expect(SIGNALS.map((signal) => process.listeners(signal))).toEqual(listenersBefore);
  await held.release();
});

it("lets one of many through", async () => {
  const tries = await Promise.allSettled(Array.from({ length: 20 }, lock));
  const won = tries.filter((one) => one.status === "fulfilled");
  expect(won).toHaveLength(1);
  await won[0]?.value.release();
});

describe("the lock of an open database", () => {
  let template: string;

  beforeAll(async () => {
    template = await mkdtemp(path.join(tmpdir(), "credits-template-"));
    const database = await openPglite({ dataDir: template });
    await database.transaction("migration", (connection) =>
      connection.script("CREATE TABLE public.kept (id int)"),
    );
    await database.close();
  });

  beforeEach(() => cp(template, directory, { recursive: true }));

  afterAll(() => rm(template, { recursive: true }));

  it("is kept while the database is open, and released when it is closed", async () => {
    const database = await openPglite({ dataDir: directory });
    const first = (await stat(lockPath())).mtimeMs;
    await sleep(4_500);
    expect((await stat(lockPath())).mtimeMs).toBeGreaterThan(first);
    await expect(openPglite({ dataDir: directory })).rejects.toMatchObject({ kind: "unavailable" });
    await database.close();
    expect(await readdir(directory)).toEqual(["postgres"]);
    expect(await hasEmbeddedDatabase(directory)).toBe(true);
  });

  it.each([
    ["was deleted", () => rm(lockPath(), { recursive: true })],
    ["was taken over", () => utimes(lockPath(), new Date(1), new Date(1))],
  ])(
    "is noticed when it %s: further calls are refused, and the files stay as they are",
    async (_name, lose) => {
      const database = await openPglite({ dataDir: directory });
      await lose();
      const lost = {
        kind: "closed",
        message: expect.stringMatching(/lock of the directory .* is lost.*Stop/),
      };
      await vi.waitFor(() => expect(database.query("SELECT 1")).rejects.toMatchObject(lost), 6_000);
      const insert = { sql: "INSERT INTO public.kept VALUES (1)", params: [] };
      await expect(database.write(insert.sql, insert.params)).rejects.toMatchObject(lost);
      await expect(database.transaction("write", async () => {})).rejects.toMatchObject(lost);
      await expect(database.transaction("snapshot", async () => {})).rejects.toMatchObject(lost);
      const files = await listFiles();
      await database.close();
      expect(await listFiles()).toEqual(files);
      await rm(lockPath(), { recursive: true, force: true });
      const next = await openPglite({ dataDir: directory });
      expect(await next.query("SELECT * FROM public.kept")).toEqual([]);
      await next.close();
    },
  );

  it("does not commit a transaction during which it was lost", async () => {
    const database = await openPglite({ dataDir: directory });
    const late = database.transaction("write", async (connection) => {
      await connection.query("INSERT INTO public.kept VALUES (1)");
      await rm(lockPath(), { recursive: true });
      await sleep(3_000);
    });
    await expect(late).rejects.toMatchObject({ kind: "closed" });
    await database.close();
    const next = await openPglite({ dataDir: directory });
    expect(await next.query("SELECT * FROM public.kept")).toEqual([]);
    await next.close();
  });

  async function listFiles(): Promise<string[]> {
    const names = await readdir(directory, { recursive: true });
    const files = await Promise.all(
      names.map(async (name) => `${name} ${(await stat(path.join(directory, name))).mtimeMs}`),
    );
    return files.sort();
  }
});

it("a first start that was killed while it made its files is repeated", async () => {
  await mkdir(path.join(directory, "postgres.unfinished"));
  await writeFile(path.join(directory, "postgres.unfinished", "PG_VERSION"), "18");
  expect(await hasEmbeddedDatabase(directory)).toBe(false);
  const database = await openPglite({ dataDir: directory });
  expect(await database.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await database.close();
  expect(await readdir(directory)).toEqual(["postgres"]);
});
