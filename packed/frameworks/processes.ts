import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Time in which a server of an app has to respond. Its first request compiles it. */
const READY_MS_MAX = 180_000;

/** A server of an app that runs. */
export interface Running {
  readonly url: string;
  /** Returns what it has printed. */
  output(): string;
  stop(): Promise<void>;
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Runs a script of an app that serves it, on a free port.
 *
 * @param more variables of its environment
 * @throws Error with its output if it does not respond
 */
export async function serve(
  directory: string,
  script: string,
  more: Readonly<Record<string, string>>,
): Promise<Running> {
  const port = await findPort();
  const env = { ...process.env, PORT: String(port), HOST: "127.0.0.1", HOSTNAME: "127.0.0.1", ...more };
  delete (env as Record<string, string | undefined>).NODE_ENV;
  // Its processes are one group, so that none is left.
  const child = spawn("npm", ["run", script], { cwd: directory, env, detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const running = { url: `http://127.0.0.1:${port}`, output: () => output, stop: () => stop(child) };
  try {
    await untilReady(running.url, child);
    return running;
  } catch (error) {
    await running.stop();
    throw new Error(`${(error as Error).message}\n${output}`);
  }
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const untilMs = performance.now() + READY_MS_MAX;
  while (performance.now() < untilMs) {
    if (child.exitCode !== null) throw new Error(`The server has ended with ${child.exitCode}.`);
    const response = await fetch(url).catch(() => null);
    if (response !== null) return;
    await sleep(200);
  }
  throw new Error("The server did not respond in time.");
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("close", resolve));
  process.kill(-child.pid, "SIGTERM");
  await Promise.race([ended, sleep(10_000)]);
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // All have ended.
  }
}
