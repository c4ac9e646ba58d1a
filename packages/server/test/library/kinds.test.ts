import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { createLedger, type LocalLedger } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { type LibraryLedger, openLibrary } from "./ledger.js";

const KINDS = {
  gift: { type: "grant", title: "Gift card" },
  video: { type: "usage", title: "Video", nouns: { one: "clip", other: "clips" } },
  search: { type: "usage", title: "Search" },
  goodwill: { type: "correction", title: "Goodwill" },
} as const;

describe.each(ENGINES)("configured kinds on %s", (engine) => {
  let library: LibraryLedger;
  let ledger: LocalLedger;
  beforeAll(async () => {
    library = await openLibrary(engine, { kinds: KINDS });
    ledger = library.ledger;
    await ledger.putAccount("a");
  });
  afterAll(() => library.drop());

  it("are posted by each operation that takes a kind, and shown with their words", async () => {
    const { entry: gift } = await ledger.grant("a", { kind: "gift", credits: 50 });
    expect(gift).toMatchObject({ kind: "gift", type: "grant", category: "added", title: "Gift card" });
    const { entry: video } = await ledger.spend("a", { kind: "video", credits: 2 });
    expect(video).toMatchObject({ kind: "video", type: "usage", category: "used", title: "Video" });
    const { results } = await ledger.usage([
      { id: "1", account: "a", kind: "video", credits: 1 },
      { id: "2", account: "a", kind: "search", credits: 1 },
    ]);
    expect(results).toMatchObject([{ entry: { title: "Video" } }, { entry: { title: "Search" } }]);
    const { hold } = await ledger.hold("a", { kind: "search", credits: 3 });
    expect(hold).toMatchObject({ kind: "search", title: "Search" });
    const { entry: settled } = await ledger.settle("a", hold.id, { credits: 2 });
    expect(settled).toMatchObject({ kind: "search", type: "usage", title: "Search" });
    for (const credits of [1, -1]) {
      const { entry } = await ledger.adjust("a", { kind: "goodwill", credits, description: "Sorry" });
      expect(entry).toMatchObject({
        ...{ kind: "goodwill", type: "correction", category: "adjustments", title: "Goodwill" },
      });
    }

    const { rows } = await ledger.activity("a");
    expect(
      rows.map(({ kind, title, category, nouns, entries }) => [kind, title, category, nouns, entries]),
    ).toEqual([
      ["goodwill", "Goodwill", "adjustments", null, 1],
      ["goodwill", "Goodwill", "adjustments", null, 1],
      ["search", "Search", "used", { one: "entry", other: "entries" }, 2],
      ["video", "Video", "used", { one: "clip", other: "clips" }, 2],
      ["gift", "Gift card", "added", null, 1],
    ]);
    const { grants } = await ledger.grants("a");
    expect(grants.map(({ kind, title }) => [kind, title])).toEqual([
      ["goodwill", "Goodwill"],
      ["gift", "Gift card"],
    ]);
    expect((await ledger.getAccount("a")).remaining).toEqual({
      ...{ monthly_grant: "0", purchase: "0", bonus: "0", manual_grant: "0", gift: "43" },
      ...{ refund: "0", adjustment: "0", goodwill: "1" },
    });
    expect((await ledger.verify()).violations).toEqual([]);
  });

  it("can be refunded", async () => {
    const { entry } = await ledger.spend("a", { kind: "video", credits: 2 });
    expect((await ledger.refund("a", { entry: entry.seq })).entry).toMatchObject({
      kind: "refund",
      credits: "2",
    });
  });

  it("are listed when an unknown kind, or one of another type, is refused", async () => {
    const known = {
      grant: "monthly_grant, purchase, bonus, manual_grant, gift",
      usage: "ai_usage, build_usage, runtime_usage, video, search",
      correction: "adjustment, goodwill",
    };
    const wrong = ["nothing", "expiry", "writeoff", "refund", "constructor", "__proto__"];
    const before = await ledger.getAccount("a");
    const refused = async (call: Promise<unknown>, type: keyof typeof known) => {
      const message = `is not a kind of the type ${type}. Use one of ${known[type]}`;
      await expect(call).rejects.toMatchObject({ code: "bad_request", errors: [{ path: "kind", message }] });
    };
    for (const kind of [...wrong, "video", "goodwill"]) {
      await refused(ledger.grant("a", { kind, credits: 1 }), "grant");
    }
    for (const kind of [...wrong, "gift", "goodwill"]) {
      await refused(ledger.spend("a", { kind, credits: 1 }), "usage");
      await refused(ledger.hold("a", { kind, credits: 1 }), "usage");
      const { results } = await ledger.usage([{ id: kind, account: "a", kind, credits: 1 }]);
      expect(results).toEqual([
        {
          ...{ status: "refused", id: kind },
          error: {
            code: "bad_request",
            detail: `kind is not a kind of the type usage. Use one of ${known.usage}.`,
            facts: {},
          },
        },
      ]);
    }
    for (const kind of [...wrong, "gift", "video"]) {
      await refused(ledger.adjust("a", { kind, credits: 1, description: "x" }), "correction");
    }
    expect(await ledger.getAccount("a")).toEqual(before);
  });
});

describe("the database", () => {
  it("keeps a kind that the config no longer has, with its type", async () => {
    const { url, drop } = await createHostileDatabase("kinds");
    const first = await createLedger({ database: { url }, kinds: KINDS });
    await first.putAccount("a");
    await first.grant("a", { kind: "gift", credits: 1 });
    await first.close();
    const second = await createLedger({ database: { url } });
    expect((await second.entries("a")).entries).toMatchObject([
      { kind: "gift", type: "grant", category: "added", title: "gift" },
    ]);
    await expect(second.grant("a", { kind: "gift", credits: 1 })).rejects.toMatchObject({
      code: "bad_request",
    });
    expect((await second.verify()).violations).toEqual([]);
    await second.close();
    await drop();
  });

  it("refuses an unknown type, and takes any kind of a known one", async () => {
    const { url, drop } = await createHostileDatabase("kinds");
    const ledger = await createLedger({ database: { url } });
    await ledger.putAccount("a");
    await ledger.grant("a", { kind: "purchase", credits: 1 });
    await ledger.close();
    const client = new Client({ connectionString: url });
    await client.connect();
    const insert = (changed: object) =>
      client.query(
        `INSERT INTO credits.entries
         SELECT (jsonb_populate_record(e, $1::jsonb)).* FROM credits.entries e WHERE e.seq = 1`,
        [JSON.stringify({ key: null, ...changed })],
      );
    for (const type of ["other", "", null]) {
      await expect(insert({ seq: 2, type }), String(type)).rejects.toMatchObject({
        ...{ code: "23514", constraint: "entries_type_check" },
      });
    }
    await insert({ seq: 2, kind: "anything", type: "usage" });
    await client.end();
    await drop();
  });
});
