import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../bin/credit-activity.js", import.meta.url));

/** The time that a test waits for a process. A busy machine takes long to make an embedded database. */
const WAIT_MS_MAX = 60_000;

/** The output of a command, and its exit code. */
export interface Finished {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Returns the output so far. */
  printed(): string;
}

type Environment = Readonly<Record<string, string>>;

/** Starts the built command line. Of the tests' environment it only has PATH. */
export function start(args: readonly string[], env: Environment = {}, cwd = tmpdir()): Running {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // No process outlives its test.
    timeout: 2 * WAIT_MS_MAX,
    killSignal: "SIGKILL",
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const finished = once(child, "close").then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { process: child, finished, printed: () => stdout };
}

/** Runs the built command line to its end. */
export function run(args: readonly string[], env: Environment = {}, cwd?: string): Promise<Finished> {
  return start(args, env, cwd).finished;
}

/** A running server. */
export interface Serving extends Running {
  readonly address: string;
  /** Ends it with a signal, and returns its output. */
  stop(signal?: NodeJS.Signals): Promise<Finished>;
}

/**
 * Starts `serve` and waits until it listens.
 *
 * @param whileStarting runs before that
 */
export async function serve(
  args: readonly string[],
  env: Environment = {},
  whileStarting: (running: Running) => Promise<void> = async () => {},
): Promise<Serving> {
  const running = start(["serve", ...args], { PORT: "0", ...env });
  await whileStarting(running);
  const address = await until(() => /"address":"([^"]+)"/.exec(running.printed())?.[1], running);
  return {
    ...running,
    address,
    stop(signal = "SIGTERM") {
      running.process.kill(signal);
      return running.finished;
    },
  };
}

/** Waits until `look` finds something. Fails if the process ends before, or nothing is found in time. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  running: Running,
): Promise<T> {
  for (const end = Date.now() + WAIT_MS_MAX; Date.now() < end; await sleep(10)) {
    const found = await look();
    if (found !== undefined) return found;
    if (running.process.exitCode !== null || running.process.signalCode !== null) break;
  }
  running.process.kill("SIGKILL");
  const { code, stdout, stderr } = await running.finished;
  throw new Error(`The process ended with ${code} before it was ready: ${stdout}${stderr}`);
}

/** A temporary directory for the files of one test file. */
export interface Directory {
  readonly path: string;
  /** Writes a file and returns its path. */
  write(name: string, content: string): Promise<string>;
  remove(): Promise<void>;
}

/** Creates a temporary directory. */
export async function makeDirectory(): Promise<Directory> {
  const directory = await mkdtemp(path.join(tmpdir(), "credit-activity-cli-"));
  return {
    path: directory,
    async write(name, content) {
      const file = path.join(directory, name);
      await writeFile(file, content);
      return file;
    },
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  };
}
