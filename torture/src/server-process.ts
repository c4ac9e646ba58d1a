import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createLedgerClient, type Ledger } from "@credit-activity/client";
import type { Scratch } from "../../bench/src/scratch.js";
import { ViolationError } from "./history.js";

const PROGRAM = fileURLToPath(
  new URL("../bin/credit-activity.js", import.meta.resolve("credit-activity/reference")),
);

/**
 * The time in which a server that is told to stop has to end. The requests in flight have ten seconds, and statements on
 * lost connections 15 seconds each.
 */
const STOP_MS_MAX = 120_000;

/** The rows of a server's log that are kept as evidence. */
const LOG_KEPT = 40;

/** Environment of the product's processes. */
export type Environment = Readonly<Record<string, string>>;

/** One `serve` process of the product, which is started again after each of its ends. */
export interface ServerProcess {
  readonly number: number;
  /** A client of the server, which sends each request once. It is that of the last process until the next one listens. */
  readonly ledger: Ledger;
  /** True from when a process listens until it ends. */
  readonly isListening: boolean;
  /** The last rows of the log. */
  readonly log: readonly string[];
  /** Starts a process, and resolves when it listens. */
  start(): Promise<void>;
  /** Ends the process at once. */
  kill(): Promise<void>;
  /** Sends SIGTERM. The process has to end with exit code 0. */
  stop(): Promise<void>;
  /** Sends a signal that does not end the process. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
}

export interface ServerOptions {
  readonly number: number;
  readonly env: Environment;
  /** Returns the secret key. */
  readonly key: string;
  readonly scratch: Scratch;
  /** Aborts when the stage closes. No process starts afterwards. */
  readonly closing: AbortSignal;
  /** Called when a process ends by itself, or does not stop as it has to. */
  readonly onViolation: (violation: ViolationError) => void;
}

/** Creates a server that is not started yet. */
export function createServerProcess(options: ServerOptions): ServerProcess {
  const { number, env, key, scratch, closing, onViolation } = options;
  const log: string[] = [];
  let child: ChildProcess | null = null;
  let ended: Promise<number | null> = Promise.resolve(null);
  let isEnding = true;
  let isListening = false;
  let ledger: Ledger | null = null;

  const keep = (row: string) => {
    log.push(row);
    log.splice(0, log.length - LOG_KEPT);
  };

  function fail(problem: string): ViolationError {
    const violation = new ViolationError("", `Server ${number} ${problem}`, { log });
    onViolation(violation);
    return violation;
  }

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    isEnding = true;
    child?.kill(signal);
    return ended;
  }

  return {
    number,
    log,
    get isListening() {
      return isListening;
    },
    get ledger() {
      if (ledger === null) throw new Error("The server has not been started. Start it first.");
      return ledger;
    },
    async start() {
      closing.throwIfAborted();
      const started = spawn(process.execPath, [PROGRAM, "serve", "--host", "127.0.0.1", "--port", "0"], {
        cwd: scratch.directory,
        env: { PATH: process.env.PATH ?? "", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      child = started;
      scratch.watch(started);
      isEnding = false;
      keep(`-- process ${started.pid} started`);
      createInterface({ input: started.stderr }).on("line", keep);
      return new Promise((resolve) => {
        createInterface({ input: started.stdout }).on("line", (row) => {
          keep(row);
          // A server that waits for its database logs the address of that, too.
          const address = /"address":"(http:[^"]+)"/.exec(row)?.[1];
          if (address === undefined) return;
          ledger = createLedgerClient({ baseUrl: address, key, retries: 0 });
          isListening = true;
          resolve();
        });
        ended = new Promise((resolveEnded) => {
          started.once("close", (code, signal) => {
            isListening = false;
            keep(`-- process ${started.pid} ended with ${signal ?? code}`);
            if (!isEnding) fail(`ended by itself with ${signal ?? `exit code ${code}`}.`);
            resolveEnded(code);
            resolve();
          });
        });
      });
    },
    async kill() {
      await end("SIGKILL");
    },
    async stop() {
      const timer = setTimeout(() => {
        fail(`did not end within ${STOP_MS_MAX / 1000} s after SIGTERM.`);
        child?.kill("SIGKILL");
      }, STOP_MS_MAX);
      const code = await end("SIGTERM");
      clearTimeout(timer);
      if (code !== 0 && child?.signalCode !== "SIGKILL")
        throw fail(`ended with ${child?.signalCode ?? `exit code ${code}`} after SIGTERM, instead of 0.`);
    },
    signal(signal) {
      child?.kill(signal);
    },
  };
}

/** Runs another command of the product to its end, and returns its output. */
export function runCommand(args: readonly string[], env: Environment): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { PATH: process.env.PATH ?? "", ...env }, maxBuffer: 2 ** 26 };
    execFile(process.execPath, [PROGRAM, ...args], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.trim());
      reject(new ViolationError("", `credit-activity ${args.join(" ")} failed.`, `${stdout}${stderr}`));
    });
  });
}
