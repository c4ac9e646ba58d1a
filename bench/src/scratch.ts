import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary directory and a process. Both are removed when this process ends, even if it is killed. */
export interface Scratch {
  readonly directory: string;
  /** Sets the process that ends with this one. */
  watch(child: ChildProcess): void;
  /** Ends the process and removes the directory. */
  remove(): Promise<void>;
}

// Runs in a separate process. Its input closes when this process ends.
const script = `
let pid = "";
process.stdin.setEncoding("utf8").on("data", (data) => { pid += data; }).on("end", () => {
  try { if (pid !== "") process.kill(Number(pid), "SIGKILL"); } catch {} // It has ended already.
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
    watch: (child) => void guard.stdin.write(String(child.pid ?? "")),
    remove: async () => {
      guard.ref();
      guard.stdin.end();
      const [code] = await closed;
      if (code !== 0) throw new Error(`The directory ${directory} was not removed. Remove it.`);
    },
  };
}
