import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";

const run = promisify(execFile);

/** A program that uses a ledger and never closes it. */
const toProgram = (database: object) => `
  import { createLedger } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
  const ledger = await createLedger({ database: ${JSON.stringify(database)} });
  await ledger.putAccount("a");
  await ledger.grant("a", { kind: "bonus", title: "Welcome", credits: "10", expiresAt: null });
  await Promise.all(Array.from({ length: 20 }, () => ledger.spend("a", { credits: "0.1" })));
  console.log((await ledger.getAccount("a")).balance, Math.round(performance.now()));
  process.on("exit", () => console.log(Math.round(performance.now())));`;

describe("a process that never closes its ledger", () => {
  let dataDir: string;
  let own: Awaited<ReturnType<typeof createHostileDatabase>>;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), "exit-"));
    own = await createHostileDatabase("exit");
  });

  afterAll(async () => {
    await rm(dataDir, { recursive: true });
    await own.drop();
  });

  it.each(["PostgreSQL", "a directory", "memory"])("exits by itself: %s", async (place) => {
    const database = { PostgreSQL: { url: own.url }, "a directory": { dataDir }, memory: { memory: true } }[
      place
    ] as object;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", toProgram(database)]);
    const [balance, doneMs, exitMs] = stdout.trim().split(/\s/);
    expect(balance).toBe("8");
    // Idle connections of the driver last for ten seconds.
    expect(Number(exitMs) - Number(doneMs)).toBeLessThan(5_000);
  });
});
