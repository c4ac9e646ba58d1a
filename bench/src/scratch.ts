import type { ChildProcess } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWatchdog } from "../../tools/postgres-watchdog.js";

/** A temporary folder, and a process beside it, that go when this process does, however it ends. */
export interface Scratch {
  readonly folder: string;
  /** Says which process ends with this one. */
  watch(child: ChildProcess): void;
  /** Ends the process and removes the folder. */
  remove(): Promise<void>;
}

/** Makes a temporary folder. */
export async function openScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), "credit-activity-bench-"));
  const watchdog = startWatchdog(folder);
  return { folder, watch: watchdog.watch, remove: watchdog.finish };
}
