import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { query } from "../../tools/postgres.js";
import { increment } from "./counts.js";
import type { Draw } from "./draw.js";
import type { Treatment } from "./proxy.js";
import { SERVER_SESSIONS } from "./sessions.js";
import type { Actor, Cluster, Stage } from "./stage.js";

/** A kind of fault. It takes effect and ends within seconds. */
interface Fault {
  readonly kind: string;
  readonly weight: number;
  run(draw: Draw): Promise<void>;
}

/** Faults of a run. */
export interface Faults {
  /** The number of faults by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** The last faults with their times, as evidence. */
  readonly recent: readonly string[];
  /** Causes one fault after the other until the signal aborts, and undoes the last one. */
  cause(draw: Draw, signal: AbortSignal, accounts: readonly string[]): Promise<void>;
}

const RECENT_KEPT = 40;

/** The pause between two faults. */
const PAUSE_MS_MAX = 3_000;

/** Lists the faults that a stage can have. */
export function createFaults({ actors, cluster }: Stage): Faults {
  const counts: Record<string, number> = {};
  const recent: string[] = [];
  let locked: readonly string[] = [];

  /** Makes a fault of one server. It does nothing while all servers have one. */
  const ofServer = (
    kind: string,
    weight: number,
    act: (actor: Actor, draw: Draw) => Promise<void>,
  ): Fault => ({
    kind,
    weight,
    async run(draw) {
      const free = actors.filter(({ isTaken }) => !isTaken);
      if (free.length === 0) return;
      const actor = draw.pick(free);
      actor.isTaken = true;
      note(kind, `, server ${actor.server.number}`);
      await act(actor, draw);
      actor.isTaken = false;
    },
  });

  /** Makes a fault of the network between a server and the database. */
  const ofNetwork = (
    kind: string,
    weight: number,
    msMax: number,
    toTreatment: (draw: Draw) => Treatment,
    isReset: boolean,
  ): Fault =>
    ofServer(kind, weight, async ({ proxy }, draw) => {
      proxy?.treat(toTreatment(draw));
      await sleep(draw.whole(50, msMax));
      if (isReset) proxy?.reset();
      proxy?.treat({ kind: "pass" });
    });

  /** Makes a fault of the database. */
  const ofCluster = (
    kind: string,
    weight: number,
    act: (cluster: Cluster, draw: Draw) => Promise<void>,
  ): Fault => ({
    kind,
    weight,
    async run(draw) {
      note(kind);
      await act(cluster as Cluster, draw);
    },
  });

  function note(kind: string, place = ""): void {
    increment(counts, kind);
    recent.push(`${new Date().toISOString()} ${kind}${place}`);
    recent.splice(0, recent.length - RECENT_KEPT);
  }

  const ofProcess = [
    ofServer("server killed", 3, async ({ server }, draw) => {
      await server.kill();
      await sleep(draw.whole(0, 1_500));
      await server.start();
    }),
    ofServer("server told to stop", 2, async ({ server }, draw) => {
      await server.stop();
      await sleep(draw.whole(0, 500));
      await server.start();
    }),
    ofServer("server paused", 3, async ({ server }, draw) => {
      server.signal("SIGSTOP");
      await sleep(draw.whole(100, 5_000));
      server.signal("SIGCONT");
    }),
  ];
  const ofPostgres = [
    ofServer("connections reset", 5, async ({ proxy }) => proxy?.reset()),
    ofServer("connections lost without a sign", 3, async ({ proxy }) => proxy?.lose()),
    ofNetwork("connections refused", 2, 4_000, () => ({ kind: "refuse" }), true),
    ofNetwork("responses lost before a reset", 5, 1_500, () => ({ kind: "swallow" }), true),
    ofNetwork("black hole", 2, 4_000, () => ({ kind: "hold" }), false),
    ofNetwork("black hole before a reset", 1, 20_000, () => ({ kind: "hold" }), true),
    ofNetwork("delay", 2, 4_000, (draw) => ({ kind: "delay", ms: draw.whole(20, 400) }), false),
    ofCluster("sessions terminated", 4, terminateSessions),
    ofCluster("database process killed", 2, killSession),
    ofCluster("PostgreSQL crashed", 2, ({ server }, draw) => server.crash(draw.whole(0, 2_500))),
    ofCluster("accounts locked", 4, (one, draw) => lockAccounts(one.url, locked, draw)),
  ];
  const faults = cluster === null ? ofProcess : [...ofProcess, ...ofPostgres];

  return {
    counts,
    recent,
    async cause(draw, signal, accounts) {
      locked = accounts;
      while (!signal.aborted) {
        await draw.weighted(faults).run(draw);
        await sleep(draw.whole(50, PAUSE_MS_MAX), undefined, { signal }).catch(() => {});
      }
    },
  };
}

/** Runs a statement on a database that may be away. */
async function tryQuery(url: string, sql: string): Promise<void> {
  await query(url, sql).catch(() => {});
}

/** Terminates each session with a probability of a half, or all. */
function terminateSessions({ url }: Cluster, draw: Draw): Promise<void> {
  const share = draw.pick([0.5, 1]);
  return tryQuery(url, `SELECT pg_terminate_backend(pid) ${SERVER_SESSIONS} AND random() < ${share}`);
}

/** Kills the process of one session, the busiest first. PostgreSQL then ends all sessions and recovers. */
async function killSession({ url }: Cluster): Promise<void> {
  await tryQuery(
    url,
    `DO $$ DECLARE session integer; BEGIN
       SELECT pid INTO STRICT session ${SERVER_SESSIONS} ORDER BY state = 'active' DESC LIMIT 1;
       EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'kill -9 ' || session);
     END $$`,
  );
}

/** Locks accounts by a session that is not the ledger's. */
async function lockAccounts(url: string, accounts: readonly string[], draw: Draw): Promise<void> {
  const chosen = accounts.filter(() => draw.chance(0.3));
  const session = new pg.Client({ connectionString: url });
  session.on("error", () => {}); // The cluster may crash meanwhile.
  try {
    await session.connect();
    await session.query("BEGIN; SET LOCAL lock_timeout = '2s'");
    await session.query("SELECT FROM credits.accounts WHERE account = ANY ($1) FOR UPDATE", [chosen]);
    await sleep(draw.whole(100, 6_000));
  } catch {
    // Another session has them, or the database is away.
  } finally {
    await session.end().catch(() => {});
  }
}
