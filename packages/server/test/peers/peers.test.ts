import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKinds } from "../../src/api/kinds.js";
import { createMethods } from "../../src/api/methods.js";
import { createPresenter } from "../../src/api/present.js";
import type { Credentials } from "../../src/auth/credentials.js";
import type { Instant } from "../../src/core/instant.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { createSweepLease, sweepDue } from "../../src/jobs/sweep.js";
import { createLabels } from "../../src/queries/labels.js";
import { verify } from "../../src/verify/verify.js";
import { ENGINES, openTestDatabase, type TestDatabase } from "../databases.js";
import { type Case, DIRECTORY, readCases, type Step } from "./cases.js";
import { playCase, type Stage } from "./play.js";

const CASES = DIRECTORY === null ? [] : readCases(DIRECTORY);

/** The step at which a case differs, and how. A case that is marked differs in just this way. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "la-008": "step 2: The amount is 0.",
  "la-009": "step 2: The amount 0 is not above zero.",
  "la-026": 'step 2: credits: "14.28444999" has 8 decimals.',
  "la-027": 'step 1: credits: "17.9699999999999988631316" has 22 decimals.',
  "la-031": "step 1: credits: 9999999999999999999999999 is out of range.",
  "la-032": "step 1: The amount 0 is not above zero.",
  "om-016": "step 8: expected [ [ 5, '10' ], [ 6, '10' ]",
  "om-021": "step 3: expected [] to deeply equal [ [ 1, '10' ] ]",
  "om-038": "step 3: The amount 0 is not above zero.",
  "om-042": "step 3: expected '1.005' to be '1.01'",
  "om-043": "step 4: expected '0.004' to be '0'",
  "om-075": "step 3: expected '10' to be '0'",
  "om-077": "step 3: expected '30' to be '10'",
  "om-081": "step 2: the command was to be refused",
  "po-007": "step 4: expected '0' to be '50'",
  "po-008": "step 1: The amount is 0.",
  "tb-012": "step 12: the command was to be refused",
  "tb-014": "step 11: the command was to be refused",
  "tb-021": "step 11: the command was to be refused",
  "tb-029": "is expired since 2026-01-31T00:00:00.000000Z",
  "tb-040": "step 2: The amount is 0.",
  "tb-042": "step 3: the command was to be refused",
  "uc-006": "step 1: the command was to be refused",
  "uc-032": "step 3: expected '-15' to be '0'",
};

/** Steps that this ledger has another command for than the case states, by the case and the index of the step. */
const REPLACED: Readonly<Record<string, Readonly<Record<number, Step>>>> = {
  "uc-038": { 2: { voidGrant: "pack" } },
};

/** The marked cases that this ledger agrees with by now. */
const AGREED: ReadonlySet<string> = new Set(["tb-023", "uc-038"]);

function withReplaced(one: Case): Case {
  const steps = one.steps.map((step, index) => REPLACED[one.id]?.[index] ?? step);
  return { ...one, steps };
}

describe.skipIf(DIRECTORY === null).each(ENGINES)("what other ledgers' tests expect, on %s", (name) => {
  let test: TestDatabase;
  let engine: Engine;
  let stage: Stage;
  let now = 0 as Instant;

  beforeAll(async () => {
    test = await openTestDatabase(name);
    const { database } = test;
    engine = createEngine({ database, now: () => now });
    const kinds = createKinds({});
    const lease = createSweepLease(database);
    const ledger = createMethods({
      database,
      engine,
      kinds,
      credentials: {} as Credentials,
      labels: createLabels(database),
      presenter: createPresenter(kinds, true),
      now: () => now,
      onError: (error) => {
        throw error;
      },
    });
    stage = {
      ledger: { ...ledger, sweep: () => sweepDue(database, engine, lease, now) },
      database,
      setClock: (at) => {
        now = at;
      },
    };
  });

  afterAll(async () => {
    await engine.close();
    await test.drop();
  });

  it.each(CASES)("$id: $topic", async (one) => {
    const difference = DIFFERENCES[one.id];
    if (difference === undefined) return playCase(stage, withReplaced(one));
    const error = await playCase(stage, one).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain(difference);
  });

  it("differ where they are marked, and nowhere else", () => {
    const marked = CASES.flatMap(({ id, disagree }) =>
      disagree === undefined || AGREED.has(id) ? [] : [id],
    );
    expect(marked.sort()).toEqual(Object.keys(DIFFERENCES).sort());
    expect(CASES).toHaveLength(261);
  });

  it("leave a database that verifies", async () => {
    expect((await verify(test.database, {})).violations).toEqual([]);
  });
});
