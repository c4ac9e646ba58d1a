import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Requests } from "./http-requests.js";
import type { Until } from "./load.js";
import type { Measured } from "./stats.js";

/** A load over HTTP. */
export interface HttpLoad {
  /** Where the server listens, such as "http://127.0.0.1:3000". */
  readonly address: string;
  readonly credential: string;
  /** How many callers there are, each with a connection of its own. */
  readonly callers: number;
  readonly until: Until;
  readonly requests: Requests;
}

/** Puts a load on a server from a thread of its own, so that nothing else delays the callers. */
export async function loadOverHttp(asked: HttpLoad): Promise<Measured> {
  const worker = new Worker(new URL("./http-load-worker.js", import.meta.url), { workerData: asked });
  const [measured] = (await once(worker, "message")) as [Measured];
  return measured;
}
