import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Command } from "../../src/core/command.js";
import type { Entry } from "../../src/core/entry.js";
import { type Instant, parseInstant } from "../../src/core/instant.js";
import { CATEGORY } from "../../src/core/kinds.js";
import { WINDOW_GROUPS_MAX } from "../../src/core/windows.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { listEntries } from "../../src/queries/lists.js";
import { findSeqsBefore, readMarks } from "../../src/queries/moments.js";
import { ADDED_MAX, readTotals, TOTALS_BY, type Total, type TotalsBy } from "../../src/queries/totals.js";
import { toGrant, toUsage, toWriteOff } from "../commands.js";
import { ENGINES, openTestDatabase, putAccount, type TestDatabase } from "../databases.js";
import { toParameters, withSeed } from "../properties/seed.js";

const START = parseInstant("2026-11-22T10:00:00Z");
const MINUTE = 60_000_000;

/**
 * A turn of a history: usage of some project, member and source, or something that closes the window. Most usage is of one
 * group, so that rows have many entries and bounds cut them.
 */
const turn = fc.record({
  minutes: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0.5, 3, 6),
  what: fc.constantFrom(...Array.from({ length: 12 }, () => "usage"), "grant", "writeoff"),
  lateMinutes: fc.constantFrom(0, 0, 0, 0, 0, 0, 2, 7),
  project: fc.constantFrom("p", "p", "p", "q", null),
  member: fc.constantFrom("m", "m", "m", null),
  source: fc.constantFrom("model", "model", "model", null),
  kind: fc.constantFrom("ai_usage", "ai_usage", "ai_usage", "build_usage"),
  credits: fc.constantFrom("1", "0.000001", "2.5"),
});

type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

function toCommand(account: string, key: string, at: Instant, turn: Turn): Command {
  if (turn.what === "grant") return toGrant(account, key, "10");
  if (turn.what === "writeoff") return toWriteOff(account, key, "0.000001");
  const toDimension = (id: string | null) => (id === null ? null : { id, label: null });
  return toUsage(account, key, turn.credits, {
    kind: turn.kind,
    occurredAt: (at - turn.lateMinutes * MINUTE) as Instant,
    project: toDimension(turn.project),
    member: toDimension(turn.member),
    source: turn.source === null ? null : { type: turn.source, id: null, label: turn.source },
  });
}

function toKey({ kind, facts }: Entry, by: TotalsBy): string | null {
  if (by === "day") return null;
  if (by === "kind") return kind;
  if (by !== "source") return facts[by]?.id ?? null;
  const { source } = facts;
  return source === null ? null : JSON.stringify([source.type, source.id, source.label]);
}

/** Adds entries up one by one. */
function addUpNaively(entries: readonly Entry[], by: TotalsBy, seqs: readonly number[]): object[] {
  const totals = new Map<string, { added: bigint; used: bigint; adjustments: bigint; entries: number }>();
  for (const entry of entries) {
    const segment = seqs.findLastIndex((seq) => seq < entry.seq);
    if (segment === -1 || segment === seqs.length - 1) continue;
    const name = JSON.stringify([segment, toKey(entry, by)]);
    const total = totals.get(name) ?? { added: 0n, used: 0n, adjustments: 0n, entries: 0 };
    total[CATEGORY[entry.type]] += entry.credits;
    total.entries += 1;
    totals.set(name, total);
  }
  return sorted([...totals].map(([name, total]) => ({ name, ...total })));
}

const toPlain = (totals: readonly Total[]) =>
  sorted(
    totals.map(({ segment, key, ...total }) => ({
      name: JSON.stringify([segment, key?.replaceAll(/(?<=[,[]) | (?=[,\]])/g, "") ?? null]),
      ...total,
    })),
  );

const sorted = <T extends { name: string }>(totals: T[]) => totals.sort((a, b) => (a.name < b.name ? -1 : 1));

describe.each(ENGINES)("totals on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;
  let now = START;
  let accounts = 0;

  beforeAll(async () => {
    test = await openTestDatabase(name);
    engine = createEngine({ database: test.database, now: () => now });
  });
  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  /** Plays turns on a new account, and returns its entries. */
  async function play(turns: readonly Turn[]) {
    const account = `account-${++accounts}`;
    now = START;
    await putAccount(test.database, account, {}, now);
    await engine.submit(toGrant(account, "first", "1000000"));
    for (const [index, turn] of turns.entries()) {
      now = (now + turn.minutes * MINUTE) as Instant;
      await engine.submit(toCommand(account, `k${index}`, now, turn));
    }
    return { account, entries: await listEntries(test.database, account, "asc", 0, 1000) };
  }

  async function read(account: string, by: TotalsBy, seqs: readonly number[]) {
    const marks = await readMarks(
      test.database,
      account,
      seqs.map((seq) => Math.max(1, seq)),
    );
    const positions = new Map(marks.map(({ seq, position }) => [seq, position]));
    const bounds = seqs.map((seq) => ({ seq, position: positions.get(Math.max(1, seq)) as number }));
    return readTotals(test.database, account, { by, bounds, offset: 0, limit: 1000 });
  }

  it(withSeed("are the sums of the entries, wherever the bounds cut windows"), async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(turn, { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(1000), { minLength: 2, maxLength: 6 }),
        async (turns, cuts) => {
          const { account, entries } = await play(turns);
          const seqs = cuts.map((cut) => Math.round((cut / 1000) * entries.length)).sort((a, b) => a - b);
          for (const by of TOTALS_BY) {
            const totals = await read(account, by, seqs);
            expect(toPlain(totals ?? [])).toEqual(addUpNaively(entries, by, seqs));
          }
        },
      ),
      toParameters(25),
    );
  }, 300_000);

  it("are the sums of the entries of rows that groups share, wherever the bounds cut these", async () => {
    const groups = Array.from({ length: 3 * WINDOW_GROUPS_MAX }, (_, index) => ({
      ...USAGE,
      source: `model ${index % 90}`,
      member: index % 7 === 0 ? null : `m ${index % 5}`,
      kind: index % 4 === 0 ? "build_usage" : "ai_usage",
    }));
    const { account, entries } = await play(groups as readonly Turn[]);
    const { rows } = (await test.database
      .query<{ rows: bigint }>("SELECT rows_used AS rows FROM credits.accounts WHERE account = $1", [account])
      .then(([row]) => row)) as { rows: bigint };
    expect(Number(rows)).toBeLessThanOrEqual(WINDOW_GROUPS_MAX + 2);
    for (const seqs of [
      [0, entries.length],
      [0, 40, 100, 150, entries.length],
      [70, 71, 190],
    ]) {
      for (const by of TOTALS_BY)
        expect(toPlain((await read(account, by, seqs)) ?? [])).toEqual(addUpNaively(entries, by, seqs));
    }
  });

  it("are read in parts in the order of their keys", async () => {
    const projects = ["r", "p", null, "q"].map((project) => ({ ...USAGE, project }) as Turn);
    const { account, entries } = await play(projects);
    const bounds = (await readMarks(test.database, account, [1, entries.length])) as never;
    const keys = [];
    for (let offset = 0; offset < 4; offset++) {
      const part = await readTotals(test.database, account, { by: "project", bounds, offset, limit: 1 });
      keys.push(...(part ?? []).map(({ key }) => key));
    }
    expect(keys).toEqual([null, "p", "q", "r"]);
  });

  it("are not read where that takes too many rows", async () => {
    const { account } = await play([USAGE]);
    const bounds = [
      { seq: 0, position: 1 },
      { seq: 2, position: 2 + ADDED_MAX },
    ];
    expect(await readTotals(test.database, account, { by: "kind", bounds, offset: 0, limit: 1 })).toBeNull();
  });

  it("find the seq at an instant by binary search, and are unharmed by a clock that goes back", async () => {
    const { account, entries } = await play(Array.from({ length: 30 }, () => ({ ...USAGE, minutes: 3 })));
    const instants = entries.flatMap(({ recordedAt }) => [recordedAt, recordedAt + 1] as Instant[]);
    const found = await findSeqsBefore(test.database, account, instants);
    expect(found).toEqual({
      last: 31,
      before: instants.map((at) => entries.filter(({ recordedAt }) => recordedAt < at).length),
    });
    expect(await findSeqsBefore(test.database, "nobody", [START])).toBeNull();
    expect(await findSeqsBefore(test.database, account, [])).toEqual({ last: 31, before: [] });

    now = (START + 45 * MINUTE) as Instant;
    await engine.submit(toUsage(account, "back", "1", { occurredAt: now }));
    const times = [...entries.map(({ recordedAt }) => recordedAt), now];
    const all = Array.from({ length: 200 }, (_, index) => (START + index * MINUTE) as Instant);
    const skewed = (await findSeqsBefore(test.database, account, all))?.before ?? [];
    expect(skewed).toEqual([...skewed].sort((a, b) => a - b));
    for (const [index, seq] of skewed.entries()) {
      const at = all[index] as Instant;
      expect(seq === 0 || (times[seq - 1] as Instant) < at).toBe(true);
      expect(seq === times.length || (times[seq] as Instant) >= at).toBe(true);
    }
  });
});

const USAGE: Turn = {
  ...{ minutes: 0, what: "usage", lateMinutes: 0, project: null, member: null, source: null },
  ...{ kind: "ai_usage", credits: "1" },
};
