import { createSecretKey } from "../../src/auth/keys.js";
import type { Instant } from "../../src/core/instant.js";
import { STATE_ENTRIES } from "../../src/core/windows.js";
import type { Connection, Database } from "../../src/db/port.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { type Violation, verify } from "../../src/verify/verify.js";
import {
  credits,
  toAdjust,
  toAnonymize,
  toClose,
  toExtend,
  toExtendGrant,
  toGrant,
  toHold,
  toRefund,
  toRelease,
  toSettle,
  toSpend,
  toUsage,
  toVoidGrant,
} from "../commands.js";
import { minutes, NOW } from "../core/rules.js";
import { putAccount } from "../databases.js";

/*
 * Forgeries: changes by somebody who may write to the database. Each is made in a savepoint, verified and undone.
 */

const FACTS = {
  description: "Chat",
  source: { type: "model", id: "m-1", label: "Model One" },
  project: { id: "p", label: "Project" },
  member: { id: "ada", label: "Ada" },
  task: { id: "t", label: null },
  metadata: { a: "x" },
  privateMetadata: { margin: 0.25 },
};
const MEASURES = { price: "price-1", quantities: { tokens: "12.5" }, estimated: true, cost: credits("0.1") };
const DISCOUNTED = { ...FACTS, ...MEASURES, originalCredits: credits("4") };

/** Writes the same history on two accounts, with all kinds of records, and a third account without history. */
export async function writeHistory(database: Database): Promise<void> {
  let now: Instant = NOW;
  const engine = createEngine({ database, now: () => now });
  for (const account of ["acme", "other"]) {
    now = NOW;
    await putAccount(database, account, { overdraftLimit: credits("1"), name: "Acme" }, now);
    const { project: _project, member: _member, task: _task, ...described } = FACTS;
    const steps = [
      [0, toGrant(account, "g1", "50", { ...described, kind: "bonus", title: "Hi", expiresAt: minutes(9) })],
      [0, toGrant(account, "g2", "20", { priority: 5, effectiveAt: minutes(-1) })],
      [0, toGrant(account, "g3", "30", { priority: 200, effectiveAt: minutes(90), expiresAt: minutes(900) })],
      [0, toSpend(account, "s", "3", DISCOUNTED)],
      [0, toHold(account, "h1", "2", FACTS)],
      [0, toSettle(account, "t", "hold-h1", "2")],
      [0, toHold(account, "h2", "1")],
      [0, toRelease(account, "r", "hold-h2")],
      [0, toHold(account, "h3", "1", { ...FACTS, expiresIn: 60 })],
      [1, toRefund(account, "f", 4, { credits: credits("1"), description: "Too much" })],
      [10, toAdjust(account, "a", "-1")],
      [10, toHold(account, "h4", "1.5", FACTS)],
      [10, toUsage(account, "u1", "3", DISCOUNTED)],
      [10, toUsage(account, "u2", "3", DISCOUNTED)],
      [10, toUsage(account, "u3", "1")],
      [10, toGrant(account, "g4", "4", { only: ["build_usage"], expiresAt: minutes(600) })],
      [10, toExtendGrant(account, "x1", 3, { expiresAt: minutes(901) })],
      [10, toVoidGrant(account, "v1", 2)],
      [10, toExtend(account, "x2", "hold-h4", 7_200)],
    ] as const;
    for (const [minute, command] of steps) {
      now = minutes(minute);
      const { refusal } = await engine.submit(command);
      if (refusal !== null) throw new Error(refusal.detail);
    }
  }
  await writeEnd(engine);
  await engine.close();
  await putAccount(database, "idle", {}, NOW);
  await createSecretKey(database, "billing", NOW);
  await createSecretKey(database, "support", NOW);
}

/** Writes a busy window of both accounts, and closes and anonymizes them. Their text is still to be erased. */
async function writeEnd(engine: Engine): Promise<void> {
  for (const account of ["acme", "other"]) {
    const usage = Array.from({ length: STATE_ENTRIES }, (_, index) => toUsage(account, `b-${index}`, "0.01"));
    await engine.submitAll(usage);
    await engine.submitAll([toClose(account, "close"), toAnonymize(account, "anonymize")]);
  }
}

/** Runs work that may change anything, and undoes it. */
export async function undone(database: Database, work: (connection: Connection) => Promise<void>) {
  const end = new Error("undone");
  await database
    .transaction("migration", async (connection) => {
      await work(connection);
      throw end;
    })
    .catch((error: unknown) => {
      if (error !== end) throw error;
    });
}

/** Verifies the state within a transaction. */
export async function verifyWithin(connection: Connection): Promise<readonly Violation[]> {
  const database = { transaction: (_mode: string, work: (on: Connection) => unknown) => work(connection) };
  return (await verify(database as unknown as Database, {})).violations;
}

/** The outcome of a forgery: what verify found, or that the database refused or changed nothing. */
export type Outcome = { readonly violations: readonly Violation[] } | "refused" | "unchanged";

/**
 * Makes a forgery, verifies, and undoes it.
 *
 * @param changes statements that return a row per changed record
 */
export async function forge(connection: Connection, ...changes: readonly string[]): Promise<Outcome> {
  await connection.script("SAVEPOINT forgery; ALTER TABLE credits.entries DISABLE TRIGGER append_only");
  try {
    for (const change of changes) {
      const changed = await connection.query(change).catch(() => null);
      if (changed === null) return "refused";
      if (changed.length === 0) return "unchanged";
    }
    await connection.script("ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only");
    return { violations: await verifyWithin(connection) };
  } finally {
    await connection.script("ROLLBACK TO SAVEPOINT forgery; RELEASE SAVEPOINT forgery");
  }
}
