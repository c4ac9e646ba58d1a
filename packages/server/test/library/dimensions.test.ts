import { setTimeout as sleep } from "node:timers/promises";
import type { Dimension, DimensionInput, Entry } from "@credit-activity/client";
import { describe, expect, it, vi } from "vitest";
import type { LocalLedger } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { openLibrary } from "./ledger.js";

const DIMENSIONS = ["project", "member", "task"] as const;

async function openFunded(engine: (typeof ENGINES)[number]) {
  const library = await openLibrary(engine);
  await library.ledger.putAccount("a");
  await library.ledger.grant("a", { kind: "purchase", credits: 100 });
  return library;
}

/** Returns the same dimension as project, member and task. */
const asAll = (dimension: DimensionInput) => ({ project: dimension, member: dimension, task: dimension });

const toDimensions = ({ project, member, task }: Pick<Entry, (typeof DIMENSIONS)[number]>) => [
  project,
  member,
  task,
];

const allOf = (dimension: Dimension) => [dimension, dimension, dimension];

/** Reads the dimensions of entry 2 by each way that there is. */
async function readBack(ledger: LocalLedger, account = "a") {
  const { entries } = await ledger.entries(account, { order: "asc" });
  const page = await ledger.activity(account);
  const inRow = await ledger.activityEntries(account, 2);
  return [
    entries[1] as Entry,
    page.rows.at(-2) as Entry & (typeof page.rows)[number],
    inRow.entries[0] as Entry,
  ].map(toDimensions);
}

describe.each(ENGINES)("projects, members and tasks on %s", (engine) => {
  it("are ids, whose label is the id until one is given", async () => {
    const { ledger, drop } = await openFunded(engine);
    const { entry } = await ledger.spend("a", { credits: 1, ...asAll("x") });
    expect(toDimensions(entry)).toEqual(allOf({ id: "x", label: "x" }));
    for (const read of await readBack(ledger)) expect(read).toEqual(allOf({ id: "x", label: "x" }));
    for (const withoutLabel of [{ id: "x" }, { id: "x", label: null }]) {
      const spent = await ledger.spend("a", { credits: 1, ...asAll(withoutLabel) });
      expect(toDimensions(spent.entry)).toEqual(allOf({ id: "x", label: "x" }));
    }

    const { entry: labeled } = await ledger.spend("a", { credits: 1, ...asAll({ id: "x", label: "First" }) });
    expect(toDimensions(labeled)).toEqual(allOf({ id: "x", label: "First" }));
    for (const read of await readBack(ledger)) expect(read).toEqual(allOf({ id: "x", label: "First" }));

    const { entry: bare } = await ledger.spend("a", { credits: 1, ...asAll("x") });
    expect(toDimensions(bare)).toEqual(allOf({ id: "x", label: "First" }));
    await drop();
  });

  it("have the latest label, also in old entries and in repeated responses", async () => {
    const { ledger, drop } = await openFunded(engine);
    const first = { credits: 1, ...asAll({ id: "x", label: "First" }) };
    const { entry } = await ledger.spend("a", first, { key: "k" });
    const held = await ledger.hold("a", { credits: 1, ...asAll({ id: "x", label: "Second" }) }, { key: "h" });
    expect(toDimensions(held.hold)).toEqual(allOf({ id: "x", label: "Second" }));
    const event = { id: "u", account: "a", kind: "ai_usage", credits: 1 };
    await ledger.usage([
      { ...event, ...asAll({ id: "x", label: "Third" }) },
      { ...event, id: "v", ...asAll({ id: "x", label: "Fourth" }) },
    ]);

    for (const read of await readBack(ledger)) expect(read).toEqual(allOf({ id: "x", label: "Fourth" }));
    const again = await ledger.spend("a", first, { key: "k" });
    expect(again).toEqual({ entry: { ...entry, ...asAll({ id: "x", label: "Fourth" }) }, repeated: true });
    const heldAgain = await ledger.hold(
      "a",
      { credits: 1, ...asAll({ id: "x", label: "Second" }) },
      { key: "h" },
    );
    expect(toDimensions(heldAgain.hold)).toEqual(allOf({ id: "x", label: "Fourth" }));
    const { results } = await ledger.usage([{ ...event, ...asAll({ id: "x", label: "Third" }) }]);
    expect(results).toMatchObject([{ status: "duplicate", entry: asAll({ id: "x", label: "Fourth" }) }]);
    // A repeat does not bring its label back.
    for (const read of await readBack(ledger)) expect(read).toEqual(allOf({ id: "x", label: "Fourth" }));
    await drop();
  });

  it("keep their label after a refused command, and per account and dimension", async () => {
    const { ledger, drop } = await openFunded(engine);
    await ledger.putAccount("b");
    await ledger.grant("b", { kind: "purchase", credits: 1 });
    await ledger.spend("a", { credits: 1, project: { id: "x", label: "Project" }, member: "x" });
    const refused = ledger.spend("a", { credits: 1000, project: { id: "x", label: "Refused" } });
    await expect(refused).rejects.toMatchObject({ code: "insufficient_credits" });
    await ledger.usage([
      { id: "1", account: "a", kind: "ai_usage", credits: -1, project: { id: "x", label: "Refused" } },
      { id: "2", account: "nobody", kind: "ai_usage", credits: 1, project: { id: "x", label: "Refused" } },
    ]);
    const { entry: other } = await ledger.spend("b", { credits: 1, project: "x" });
    expect(other.project).toEqual({ id: "x", label: "x" });
    const { entry } = await ledger.spend("a", { credits: 1, project: "x", member: "x", task: "x" });
    expect(toDimensions(entry)).toEqual([
      { id: "x", label: "Project" },
      { id: "x", label: "x" },
      { id: "x", label: "x" },
    ]);
    await drop();
  });

  it("go from an entry to its refund, and from a hold to its entry", async () => {
    const { ledger, drop } = await openFunded(engine);
    const { entry } = await ledger.spend("a", { credits: 1, ...asAll({ id: "x", label: "X" }) });
    const refunded = await ledger.refund("a", { entry: entry.seq });
    expect(toDimensions(refunded.entry)).toEqual(allOf({ id: "x", label: "X" }));
    const { hold } = await ledger.hold("a", { credits: 1, ...asAll({ id: "y", label: "Y" }) });
    const settled = await ledger.settle("a", hold.id, { credits: 1 });
    expect(settled.entry && toDimensions(settled.entry)).toEqual(allOf({ id: "y", label: "Y" }));
    await drop();
  });

  it("separate the rows of the page by id, never by label", async () => {
    const { ledger, drop } = await openFunded(engine);
    for (const project of ["x", { id: "x", label: "One" }, { id: "y", label: "One" }]) {
      await ledger.spend("a", { credits: 1, project });
    }
    const { rows } = await ledger.activity("a", { filter: "used" });
    expect(rows.map(({ project, entries }) => [project, entries])).toEqual([
      [{ id: "y", label: "One" }, 1],
      [{ id: "x", label: "One" }, 2],
    ]);
    await drop();
  });
});

it("labels that another server writes are read within five seconds", async () => {
  const library = await openFunded("postgres");
  const other = await library.reopen();
  const clock = vi.spyOn(performance, "now");
  const readAt = async (ms: number) => {
    clock.mockReturnValue(ms);
    // The cache looks at the clock once per millisecond.
    await sleep(5);
    return (await other.entries("a")).entries.at(-2)?.project?.label;
  };
  try {
    await library.ledger.spend("a", { credits: 1, project: { id: "x", label: "First" } });
    expect(await readAt(1_000_000)).toBe("First");
    await library.ledger.spend("a", { credits: 1, project: { id: "x", label: "Second" } });
    expect(await readAt(1_004_999)).toBe("First");
    expect(await readAt(1_005_001)).toBe("Second");
  } finally {
    clock.mockRestore();
  }
  await library.drop();
});
