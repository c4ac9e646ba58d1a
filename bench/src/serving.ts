import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.js";
import { openScratch } from "./scratch.js";

/** An HTTP server in a process of its own. */
export interface Serving {
  /** Where it listens, such as "http://127.0.0.1:3000". */
  readonly address: string;
  readonly pid: number;
  /** A secret key that it takes. */
  readonly credential: string;
  stop(): Promise<void>;
}

const ledger_program = fileURLToPath(
  new URL("../bin/credit-activity.js", import.meta.resolve("@credit-activity/server")),
);
const row_lock_program = fileURLToPath(new URL("./row-lock-server.js", import.meta.url));
const start_ms_max = 30_000;

/** Starts the project's own server, as an operator runs it, on a free port of 127.0.0.1, on the database of the run. */
export async function startServing({ url, ledger }: Bench): Promise<Serving> {
  const { key } = await ledger.createKey({ name: "Benchmark" });
  return start([ledger_program, "serve", "--host", "127.0.0.1", "--port", "0"], { DATABASE_URL: url }, key);
}

/** Starts the plain server in front of the row-lock baseline, on the same database. */
export async function startRowLockServer({ url }: Bench): Promise<Serving> {
  const credential = "benchmark";
  return start([row_lock_program], { DATABASE_URL: url, BENCH_CREDENTIAL: credential }, credential);
}

async function start(args: string[], env: Record<string, string>, credential: string): Promise<Serving> {
  const scratch = await openScratch();
  const child = spawn(process.execPath, args, {
    cwd: scratch.folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  scratch.watch(child);
  try {
    const address = await addressOf(child);
    return { address, pid: child.pid ?? 0, credential, stop: scratch.remove };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

/** The address is in the first line of the server's output that has one. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`The HTTP server did not start: ${why}.`));
    const timer = setTimeout(() => fail(`it said no address within ${start_ms_max / 1000} s`), start_ms_max);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`it ended with exit code ${code}`));
    if (child.stdout === null) return fail("it has no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { address } = JSON.parse(line) as { address?: string };
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}
