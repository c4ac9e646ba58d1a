import { parentPort, workerData } from "node:worker_threads";
import { connect } from "./http-client.js";
import type { HttpLoad } from "./http-load.js";
import { createRequests } from "./http-requests.js";
import { load } from "./load.js";

/* The thread of `loadOverHttp`. It connects first, and then measures each call. */
const { address, credential, callers, until, requests } = workerData as HttpLoad;
const idle = await Promise.all(Array.from({ length: callers }, () => connect(address)));
const { request, status, operations, isDone } = createRequests(requests, credential);

const measured = await load(callers, until, async (index) => {
  const connection = idle.pop();
  if (connection === undefined) throw new Error("There are fewer connections than callers.");
  try {
    const response = await connection.send(request(index));
    if (response.status !== status || !isDone(response.body)) {
      throw new Error(`The server responded with ${response.status}: ${response.body.slice(0, 300)}`);
    }
    return operations;
  } finally {
    idle.push(connection.isOpen ? connection : await connect(address));
  }
});

for (const connection of idle) connection.close();
parentPort?.postMessage(measured);
