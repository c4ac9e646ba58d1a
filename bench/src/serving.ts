import { type ChildProcess, spawn } from "node:child_process";
import { Agent, get } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.js";
import { openScratch } from "./scratch.js";

/** The HTTP server in a process of its own, as an operator runs it, and a client with connections that are kept. */
export interface Serving {
  /** Reads a path with the credential and answers the JSON document. */
  read(path: string, credential: string): Promise<unknown>;
  stop(): Promise<void>;
}

const program = fileURLToPath(
  new URL("../bin/credit-activity.js", import.meta.resolve("@credit-activity/server")),
);
const start_ms_max = 30_000;

/** Starts the project's own server on a free port of 127.0.0.1, on the database of the run. */
export async function startServing({ url }: Bench, connections_max: number): Promise<Serving> {
  const scratch = await openScratch();
  const child = spawn(process.execPath, [program, "serve", "--host", "127.0.0.1", "--port", "0"], {
    cwd: scratch.folder,
    env: { ...process.env, DATABASE_URL: url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  scratch.watch(child);
  try {
    const address = await addressOf(child);
    const agent = new Agent({ keepAlive: true, maxSockets: connections_max });
    return {
      read: (path, credential) => readJson(new URL(path, address), agent, credential),
      stop: async () => {
        agent.destroy();
        await scratch.remove();
      },
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

/** The address is in the first line of the server's log that has one. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`The HTTP server did not start: ${why}.`));
    const timer = setTimeout(() => fail(`it said no address within ${start_ms_max / 1000} s`), start_ms_max);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`it ended with exit code ${code}`));
    if (child.stdout === null) return fail("it has no output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { address } = JSON.parse(line) as { address?: string };
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}

function readJson(url: URL, agent: Agent, credential: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: { authorization: `Bearer ${credential}` } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${url.pathname} answered ${response.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    request.on("error", reject);
  });
}
