import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;

/** A running demo with a separate, freshly seeded database. */
export interface Demo {
  /** Such as `http://127.0.0.1:40123`. */
  readonly address: string;
  readonly secretKey: string;
  /** Sends a request with the secret key, and throws unless it succeeds. */
  api<Value>(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<Value>;
  /** Asks the demo's own backend, as its page does: `demo("/tasks", ...)`. */
  demo<Value>(path: string, body: unknown): Promise<Value>;
  /** Ends the demo by SIGTERM and deletes its data; throws unless it ends in order. */
  stop(): Promise<void>;
}

/** The exit code and output of a program. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The repository's directory, wherever this file runs from: its source or its build. */
export const repository = findRepository(dirname(fileURLToPath(import.meta.url)));

/** Starts the built demo on a free port with a new data directory, and waits until it is ready. */
export async function startDemo(): Promise<Demo> {
  const program = join(repository, "apps/demo/dist/server/main.js");
  const page = join(repository, "apps/demo/dist/web/index.html");
  for (const file of [program, page]) {
    if (!existsSync(file)) throw new Error(`There is no ${file}: build the demo first, by npm run build.`);
  }
  const dataDir = await mkdtemp(join(tmpdir(), "credit-activity-e2e-"));
  const secretKey = "a-secret-key-of-the-browser-tests";
  const child = spawn(process.execPath, [program], {
    env: {
      ...process.env,
      PORT: "0",
      HOST: "127.0.0.1",
      DATABASE_URL: "",
      DATA_DIR: dataDir,
      CREDITS_SECRET_KEY: secretKey,
      TZ: "UTC",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const said = listen(child);
  const stop = async () => {
    const ended = await endOf(child);
    process.off("exit", kill);
    await rm(dataDir, { recursive: true, force: true });
    if (ended !== 0) throw new Error(`The demo ended with ${ended}, not in order:\n${said.stderr}`);
    // Other output is ignored, because a newer Node.js may print warnings.
    if (/"level":[56]0/.test(said.stderr)) throw new Error(`The demo reported errors:\n${said.stderr}`);
  };
  try {
    const address = await addressOf(child, said);
    const send = sender(address, secretKey);
    return {
      address,
      secretKey,
      api: (method, path, body) => send(method, path, body),
      demo: (path, body) => send("POST", `/demo${path}`, body),
      stop,
    };
  } catch (error) {
    kill();
    await stop().catch(() => {});
    throw error;
  }
}

/** Runs the project's command line. */
export function runCommand(args: readonly string[]): Promise<Outcome> {
  const program = join(repository, "packages/cli/bin/credit-activity.js");
  const env = { ...process.env, DATABASE_URL: "", DATA_DIR: "", CREDITS_URL: "", CREDITS_SECRET_KEY: "" };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], { cwd: repository, env }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
      else reject(error);
    });
  });
}

interface Said {
  stdout: string;
  stderr: string;
}

function listen(child: ChildProcess): Said {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  return said;
}

/** Where the demo listens, as it says itself, once it says that it is ready. */
async function addressOf(child: ChildProcess, said: Said): Promise<string> {
  const deadlineMs = Date.now() + START_MS_MAX;
  while (Date.now() < deadlineMs) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(
        `The demo ended with ${child.exitCode} while it started:\n${said.stdout}${said.stderr}`,
      );
    }
    const address = /^ *Demo +(http:\S+)$/m.exec(said.stdout)?.[1];
    if (address !== undefined && (await fetch(`${address}/readyz`)).ok) return address;
    await pause(50);
  }
  throw new Error(
    `The demo was not ready after ${START_MS_MAX / 1000} s. It said:\n${said.stdout}${said.stderr}`,
  );
}

/** Asks a process to end, and says how it did: its exit code, or the signal that ended it. */
async function endOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}

function sender(address: string, secretKey: string) {
  return async <Value>(method: string, path: string, body?: unknown): Promise<Value> => {
    const response = await fetch(address + path, {
      method,
      headers: { authorization: `Bearer ${secretKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      throw new Error(`${method} ${path} failed with ${response.status}: ${await response.text()}`);
    }
    return (await response.json()) as Value;
  };
}

function findRepository(from: string): string {
  for (let directory = from; directory !== dirname(directory); directory = dirname(directory)) {
    if (existsSync(join(directory, "apps/demo/package.json"))) return directory;
  }
  throw new Error(`${from} is in no checkout of the project.`);
}
