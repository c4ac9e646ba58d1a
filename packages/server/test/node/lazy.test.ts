import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { InvalidRequestError, type LedgerOptions, lazyLedger } from "../../src/index.js";

let dataDir: string;
const opened: ReturnType<typeof lazyLedger>[] = [];

/** Makes a lazy ledger that is closed after the test. */
function lazy(...options: Parameters<typeof lazyLedger>): ReturnType<typeof lazyLedger> {
  const getLedger = lazyLedger(...options);
  opened.push(getLedger);
  return getLedger;
}

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "lazy-"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const getLedger of opened.splice(0)) await getLedger().then((ledger) => ledger.close());
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("credit-activity.ledgers")];
  await rm(dataDir, { recursive: true });
});

describe("a lazy ledger", () => {
  it("is opened once, however often it is asked for at the same time", async () => {
    const getLedger = lazy({ database: { dataDir } });
    const ledgers = await Promise.all(Array.from({ length: 10 }, getLedger));
    expect(new Set(ledgers).size).toBe(1);
  });

  it("is the same after its module, and that of the library, were loaded again", async () => {
    const first = await lazy({
      database: { dataDir },
      kinds: { render: { type: "usage", title: "Render" } as const },
    })();
    vi.resetModules();
    const again = await import("../../src/index.js");
    expect(again.lazyLedger).not.toBe(lazyLedger);
    const kinds = { render: { type: "usage", title: "Render" } as const };
    expect(await again.lazyLedger({ database: { dataDir }, kinds })()).toBe(first);
    await expect(again.createLedger({ database: { dataDir } })).rejects.toThrow(
      /is open in this process already\. Use one ledger for the whole process, for example with lazyLedger/,
    );
  });

  it("is opened again with other options, and keeps its data", async () => {
    const first = await lazyLedger({ database: { dataDir } })();
    await first.putAccount("acme");
    const second = await lazy({ database: { dataDir }, basePath: "/credits" })();
    expect(second).not.toBe(first);
    expect(await second.getAccount("acme")).toMatchObject({ id: "acme" });
    await expect(first.getAccount("acme")).rejects.toThrow(/closed/);
  });

  it("keeps what it has in memory when its module is loaded again", async () => {
    const first = await lazyLedger({ database: { memory: true } })();
    expect(await lazy({ database: { memory: true } })()).toBe(first);
  });

  it("does not share the ledger of another database", async () => {
    const first = await lazy({ database: { dataDir } })();
    expect(await lazy({ database: { memory: true } })()).not.toBe(first);
  });

  it("tries again after it could not be opened", async () => {
    const first = await lazyLedger({ database: { dataDir } })();
    delete (globalThis as Record<symbol, unknown>)[Symbol.for("credit-activity.ledgers")];
    const getLedger = lazy({ database: { dataDir } });
    await expect(getLedger()).rejects.toThrow(/is open in this process already/);
    await first.close();
    expect((await getLedger()).engine).toBe("pglite");
  });

  it("is not shared by two pools of the driver, and shared by one", async () => {
    const own = await createHostileDatabase("lazy");
    const toPool = () => new pg.Pool({ connectionString: own.url, max: 2 });
    const [first, second] = [toPool(), toPool()];
    const ledgers = [first, first, second].map((pool) => lazyLedger({ database: { pool } })());
    const [a, b, c] = await Promise.all(ledgers);
    expect(b).toBe(a);
    expect(c).not.toBe(a);
    for (const ledger of [a, c]) await ledger?.close();
    for (const pool of [first, second]) await pool.end();
    await own.drop();
  });

  it("states once why the first start takes long, and writes warnings to the console", async () => {
    const printed = vi.spyOn(console, "info").mockImplementation(() => {});
    await lazyLedger({ database: { dataDir } })().then((ledger) => ledger.close());
    delete (globalThis as Record<symbol, unknown>)[Symbol.for("credit-activity.ledgers")];
    await lazy({ database: { dataDir } })();
    expect(printed.mock.calls).toEqual([
      [`Making the embedded database in "${dataDir}". This takes up to a minute on a busy machine, once.`],
    ]);
    printed.mockRestore();
  });

  it("reports options that are not valid at its first call", async () => {
    for (const database of [undefined, null, 1, { url: "" }, { dataDir: undefined }, {}]) {
      const options = { database } as unknown as Parameters<typeof lazyLedger>[0];
      await expect(lazyLedger(options)()).rejects.toThrow(/^database /);
    }
  });

  it("opens again after it was closed, also at once", async () => {
    const getLedger = lazy({ database: { dataDir } });
    const first = await getLedger();
    await first.putAccount("acme");
    await first.close();
    const second = await getLedger();
    expect(await second.getAccount("acme")).toMatchObject({ id: "acme" });
    const closing = second.close();
    expect(await (await getLedger()).getAccount("acme")).toMatchObject({ id: "acme" });
    await closing;
  });

  it("leaves the ledger open when it is called with options that are not valid", async () => {
    const first = await lazy({ database: { memory: true } })();
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const faulty: readonly [unknown, RegExp][] = [
      [{ database: { memory: true }, trustedProxies: -1 }, /^trustedProxies /],
      [{ database: { url: "postgres://x", connections: 5n } }, /^database\.connections /],
      [{ database: { memory: true }, cyclic }, /^cyclic is not an option/],
      [{ database: { url: "postgres://x", ssl: { cyclic } } }, /^The options can't be written as JSON\./],
    ];
    for (const [options, message] of faulty) {
      const error = await lazyLedger(options as LedgerOptions)().catch((error) => error);
      expect(error).toBeInstanceOf(InvalidRequestError);
      expect(error.message).toMatch(message);
    }
    await first.putAccount("acme");
  });

  it("is opened again for another kind whose name is that of an option", async () => {
    const toKinds = (title: string) => ({
      logger: { type: "usage", title } as const,
      pool: { type: "usage", title: "Pool" } as const,
    });
    const database = { memory: true } as const;
    const first = await lazyLedger({ database, kinds: toKinds("One") })();
    expect(await lazyLedger({ database, kinds: toKinds("One"), now: () => new Date() })()).toBe(first);
    expect(await lazy({ database, kinds: toKinds("Two") })()).not.toBe(first);
  });

  it("warns once of two modules that close the ledger of each other", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const toOptions = (basePath: string) => ({ database: { memory: true } as const, basePath });
    const one = lazyLedger(toOptions("/one"));
    await one();
    const other = lazyLedger(toOptions("/other"));
    await other();
    await lazyLedger(toOptions("/third"))();
    expect(warn).not.toHaveBeenCalled();
    for (let round = 0; round < 3; round++) await one().then(other);
    expect(warn.mock.calls).toEqual([
      [
        "Two modules open the ledger of one database with different options, so each closes that of the other. Give both the same options.",
      ],
    ]);
    warn.mockRestore();
    await other().then((ledger) => ledger.close());
  });

  it("does not open the embedded database while Next.js builds", async () => {
    vi.stubEnv("NEXT_PHASE", "phase-production-build");
    await expect(lazyLedger({ database: { dataDir } })()).rejects.toThrow(/not opened by next build/);
    // A PostgreSQL server takes many processes. Nothing listens here.
    const url = "postgres://nobody@127.0.0.1:1/none";
    await expect(lazyLedger({ database: { url } })()).rejects.toThrow(/127\.0\.0\.1:1/);
  });
});
