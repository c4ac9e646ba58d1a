import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Amount, fromMicros, toMicros } from "@credit-activity/server";
import { openRowLock } from "./row-lock.js";

/*
 * The row-lock baseline behind a plain HTTP server, as an integrator would write it by hand. This program takes the
 * ledger's requests to spend, on the database of DATABASE_URL, with BENCH_CREDENTIAL as the secret key.
 */
const rowLock = openRowLock(process.env.DATABASE_URL ?? "");
const authorization = `Bearer ${process.env.BENCH_CREDENTIAL}`;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    spend(request, Buffer.concat(chunks).toString("utf8")).then(
      (entry) => respond(response, 201, { entry }),
      (error: unknown) => respond(response, 500, { detail: String(error) }),
    );
  });
});

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ address: `http://127.0.0.1:${port}` })}\n`);
});

async function spend(request: IncomingMessage, json: string): Promise<object> {
  const account = /^\/v1\/accounts\/([^/]+)\/spend$/.exec(request.url ?? "")?.[1];
  const key = request.headers["idempotency-key"];
  if (request.method !== "POST" || account === undefined || typeof key !== "string") {
    throw new Error("The request is not one to spend.");
  }
  if (request.headers.authorization !== authorization) throw new Error("The secret key is wrong.");
  const body = JSON.parse(json) as { credits: Amount; description: string; source: { label: string } };
  const balance = await rowLock.spend(
    {
      account: decodeURIComponent(account),
      micros: toMicros(body.credits),
      description: body.description,
      source: body.source.label,
      key,
    },
    "same",
  );
  return { key, credits: `-${body.credits}`, balance: fromMicros(balance) };
}

function respond(response: ServerResponse, status: number, document: object): void {
  const body = Buffer.from(JSON.stringify(document));
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}
