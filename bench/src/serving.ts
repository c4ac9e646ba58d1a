import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.js";
import { openScratch } from "./scratch.js";

/** An HTTP server in a separate process. */
export interface Serving {
  /** The URL of the server, such as "http://127.0.0.1:3000". */
  readonly address: string;
  readonly pid: number;
  /** A secret key that the server accepts. */
  readonly credential: string;
  stop(): Promise<void>;
}

const LEDGER_PROGRAM = fileURLToPath(
  new URL("../bin/credit-activity.js", import.meta.resolve("credit-activity/reference")),
);
const ROW_LOCK_PROGRAM = fileURLToPath(new URL("./row-lock-server.js", import.meta.url));
const START_MS_MAX = 30_000;

/** Starts the project's server, as an operator runs it, on a free port of 127.0.0.1 and on the database of the run. */
export async function startServing({ url, ledger }: Bench): Promise<Serving> {
  const { key } = await ledger.createKey({ name: "Benchmark" });
  return start([LEDGER_PROGRAM, "serve", "--host", "127.0.0.1", "--port", "0"], { DATABASE_URL: url }, key);
}

/** Starts the plain server of the row-lock baseline, on the same database. */
export async function startRowLockServer({ url }: Bench): Promise<Serving> {
  const credential = "benchmark";
  return start([ROW_LOCK_PROGRAM], { DATABASE_URL: url, BENCH_CREDENTIAL: credential }, credential);
}

async function start(args: string[], env: Record<string, string>, credential: string): Promise<Serving> {
  const scratch = await openScratch();
  const child = spawn(process.execPath, args, {
    cwd: scratch.directory,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  scratch.watch(child);
  try {
    const address = await readAddress(child);
    return { address, pid: child.pid ?? 0, credential, stop: scratch.remove };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

/** Reads the address of a server from its output. */
function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`The HTTP server did not start: ${why}.`));
    const timer = setTimeout(
      () => fail(`it printed no address within ${START_MS_MAX / 1000} s`),
      START_MS_MAX,
    );
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
