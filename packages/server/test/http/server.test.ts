import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLedger, SECRET, type TestLedger } from "./ledger.js";

const MIB = 1024 * 1024;

describe("a request to a server", () => {
  let ledger: TestLedger;
  let server: ReturnType<typeof serve>;
  let account: string;

  beforeAll(async () => {
    ledger = await openLedger({ engine: "pglite" });
    account = await ledger.account("100");
    server = serve({ fetch: ledger.local.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
  });
  afterAll(async () => {
    server.close();
    await ledger.drop();
  });

  /** Sends bytes on one connection, and reads until the server closes it. */
  async function send(...pieces: readonly (string | Uint8Array)[]): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    // The server may respond and close before all is sent.
    socket.on("error", () => {});
    for (const piece of pieces) socket.write(piece);
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += chunk;
    return text;
  }

  const head = (lines: readonly string[], path = `/v1/accounts/${account}/spend`) =>
    `${[
      `POST ${path} HTTP/1.1`,
      "Host: ledger.test",
      `Authorization: Bearer ${SECRET}`,
      "Content-Type: application/json",
      ...lines,
    ].join("\r\n")}\r\n\r\n`;
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map((found) => found[1]);
  const balance = async () => (await ledger.readState(account)).account.balance;

  it("is read with a length, in chunks, and after others on one connection", async () => {
    const body = '{"credits":"1"}';
    const sized = head([`Content-Length: ${body.length}`]) + body;
    const chunked = `${head(["Transfer-Encoding: chunked", "Connection: close"])}${chunk('{"credits"')}${chunk(':"1"}')}0\r\n\r\n`;
    expect(statusesOf(await send(sized + sized + chunked))).toEqual(["201", "201", "201"]);
    expect(await balance()).toBe("97");
  });

  it("is refused without a body, unless none is needed", async () => {
    const none = head(["Content-Length: 0", "Connection: close"]);
    expect(statusesOf(await send(none))).toEqual(["400"]);
    const { hold } = await ledger.local.hold(account, { credits: 1 });
    const release = `POST /v1/accounts/${account}/holds/${hold.id}/release HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRET}\r\nConnection: close\r\n\r\n`;
    expect(statusesOf(await send(release))).toEqual(["201"]);
  });

  it.each([
    ["spend", 1],
    ["usage", 16],
  ])("to %s is refused above %i MiB, with a length and in chunks", async (route, most) => {
    const before = await balance();
    const path = route === "usage" ? "/v1/usage" : `/v1/accounts/${account}/spend`;
    const tooLarge = expect.stringContaining('"code":"payload_too_large"');
    const told = await send(head([`Content-Length: ${most * MIB + 1}`, "Connection: close"], path));
    expect([statusesOf(told), told]).toEqual([["413"], tooLarge]);
    const spaces = chunk(" ".repeat(MIB));
    const streamed = await send(
      head(["Transfer-Encoding: chunked", "Connection: close"], path),
      ...Array.from({ length: most + 1 }, () => spaces),
      "1\r\n{\r\n0\r\n\r\n",
    );
    expect([statusesOf(streamed), streamed]).toEqual([["413"], tooLarge]);
    expect(await balance()).toBe(before);
  });

  it("is refused if its length is ambiguous", async () => {
    const before = await balance();
    const body = '{"credits":"1"}';
    const hidden = head([`Content-Length: ${body.length}`]) + body;
    for (const lines of [
      [`Content-Length: ${body.length}`, "Content-Length: 0"],
      ["Content-Length: 3", "Transfer-Encoding: chunked"],
      ["Content-Length: +15"],
      ["Content-Length: 0x0f"],
      ["Content-Length: 15, 15"],
      ["Transfer-Encoding: chunked, identity"],
    ]) {
      const reply = await send(`${head([...lines, "Connection: close"])}0\r\n\r\n${hidden}`);
      expect(statusesOf(reply), lines.join()).toEqual(["400"]);
    }
    expect(await balance()).toBe(before);
  });

  it("can't add headers to its response", async () => {
    const path = `/v1/accounts/${account}%0d%0aX-Injected:%20yes/spend`;
    const reply = await send(head(["Content-Length: 2", "Connection: close"], path), "{}");
    expect(statusesOf(reply)).toEqual(["400"]);
    expect(reply.split("\r\n\r\n")[0]).not.toMatch(/injected/i);
  });
});
