import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/**
 * A small process of its own that ends a server and removes its folder as soon as this process is gone, however it
 * went: stopped, interrupted, crashed or killed. It notices by its input, which the system closes at that moment.
 */
export interface Watchdog {
  /** Says which process is to be ended when this one is gone; it replaces the one said before. */
  watch(process: ChildProcess): void;
  /** Ends the watched process and removes the folder now. */
  finish(): Promise<void>;
}

// Run by `node --eval`, for it has to work from sources and compiled alike. Its input names process ids, one a line.
// A dead process whose parent has gone may stay listed as a zombie ("Z"), where nothing takes note of its end.
const script = `
const { readFileSync, rmSync } = require("node:fs");
const folder = process.argv[1];
let input = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => { input += text; });
process.stdin.on("end", async () => {
  const pid = Number(input.trim().split("\\n").at(-1));
  const signal = (name) => {
    try { return pid > 0 && process.kill(pid, name); } catch { return false; }
  };
  const dead = () => {
    try { return readFileSync("/proc/" + pid + "/stat", "latin1").includes(") Z "); } catch { return !signal(0); }
  };
  signal("SIGQUIT");
  for (let turn = 0; turn < 200 && !dead(); turn += 1) await new Promise((done) => setTimeout(done, 50));
  signal("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});
`;

/** Starts a watchdog that removes the folder at the end. */
export function startWatchdog(folder: string): Watchdog {
  const child = spawn(process.execPath, ["--eval", script, folder], {
    cwd: "/",
    detached: true, // A Ctrl-C in the terminal is not for the watchdog.
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["pipe", "ignore", "inherit"],
    windowsHide: true,
  });
  child.unref();
  child.stdin.on("error", () => {}); // It is gone already: finish() reports that.
  const closed = once(child, "close") as Promise<[number | null]>;
  closed.catch(() => {}); // It could not be started: so does this.
  return {
    watch: (watched) => void child.stdin.write(`${watched.pid ?? 0}\n`),
    finish: async () => {
      child.ref();
      child.stdin.end();
      const [code] = await closed;
      if (code === 0) return;
      throw new Error(
        `The process that stops the PostgreSQL server and removes its folder ${folder} ended before its time ` +
          `(${code === null ? "by a signal" : `exit code ${code}`}). Look whether the server still runs, and remove the folder.`,
      );
    },
  };
}
