import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { RequestPlan } from "./http-requests.js";
import type { Until } from "./load.js";
import type { Measured } from "./stats.js";

/** A load over HTTP. */
export interface HttpLoad {
  /** The server, such as "http://127.0.0.1:3000". */
  readonly address: string;
  readonly credential: string;
  /** The number of callers. Each has a connection. */
  readonly callers: number;
  readonly until: Until;
  readonly requests: RequestPlan;
}

/** Puts a load on a server from a separate thread, so that nothing else delays the callers. */
export async function loadOverHttp(plan: HttpLoad): Promise<Measured> {
  const worker = new Worker(new URL("./http-load-worker.js", import.meta.url), { workerData: plan });
  const [measured] = (await once(worker, "message")) as [Measured];
  return measured;
}
