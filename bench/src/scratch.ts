import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary directory and processes. All are removed when this process ends, even if it is killed. */
export interface Scratch {
  readonly directory: string;
  /** Adds a process that ends with this one. */
  watch(child: ChildProcess): void;
  /** Ends the processes and removes the directory. */
  remove(): Promise<void>;
}

// Runs in a separate process. Its input closes when this process ends.
const script = `
const pids = new Set();
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [change, pid] = line.split(" ");
  pids[change](Number(pid));
}).on("close", () => {
  for (const pid of pids) try { process.kill(pid, "SIGKILL"); } catch {} // It has ended already.
  require("node:fs").rmSync(process.argv[1], { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});
`;

/** Creates a temporary directory. */
export async function openScratch(): Promise<Scratch> {
  const directory = await mkdtemp(join(tmpdir(), "credit-activity-bench-"));
  const guard = spawn(process.execPath, ["--eval", script, directory], {
    cwd: "/",
    detached: true, // Ctrl-C in the terminal is not for the guard.
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["pipe", "ignore", "inherit"],
    windowsHide: true,
  });
  guard.unref();
  guard.stdin.on("error", () => {}); // The guard has ended. `remove` reports it.
  const closed = once(guard, "close") as Promise<[number | null]>;
  closed.catch(() => {}); // The guard did not start. `remove` reports it.
  return {
    directory,
    watch: (child) => {
      if (child.pid === undefined) return; // It did not start.
      guard.stdin.write(`add ${child.pid}\n`);
      child.once("exit", () => guard.stdin.write(`delete ${child.pid}\n`));
    },
    remove: async () => {
      guard.ref();
      guard.stdin.end();
      const [code] = await closed;
      if (code !== 0) throw new Error(`The directory ${directory} was not removed. Remove it.`);
    },
  };
}
