import { readFileSync } from "node:fs";
import type { LocalLedger } from "@credit-activity/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CLIENTS } from "./clients.js";
import { MOMENTS, type Moment, play } from "./cuts.js";
import { openLedger } from "./ledger.js";
import { type Provider, startProvider } from "./provider.js";
import type { Api } from "./sdks.js";

const DOCUMENT = readFileSync(new URL("../../../docs/ai.md", import.meta.url), "utf8");

const APIS: readonly Api[] = ["chat", "responses", "messages"];
const HEADER = ["| the stream is | chat completions | responses | messages |", "|---|---|---|---|"];

let ledger: LocalLedger;
let provider: Provider;
beforeAll(async () => {
  [ledger, provider] = await Promise.all([openLedger(), startProvider()]);
});
afterAll(async () => {
  expect(provider.left()).toBe(0);
  expect((await ledger.verify()).violations).toEqual([]);
  await Promise.all([ledger.close(), provider.close()]);
});

/** Plays a moment to all clients of an API, which have to agree. */
async function playAll(names: readonly string[], api: Api, moment: Moment): Promise<string> {
  const clients = CLIENTS.filter((client) => names.includes(client.name) && client.apis.includes(api));
  const outcomes = new Set<string>();
  for (const client of clients) outcomes.add(await play(ledger, provider, client, api, moment));
  return [...outcomes].join(" or ");
}

it.each([
  ["withCredits", ["AI SDK 7", "AI SDK 6"], MOMENTS],
  ["meteredFetch", ["openai 7", "openai 6", "@anthropic-ai/sdk"], MOMENTS],
  // LangChain does not report a loop that is left. Its hold ends after 15 minutes, as another test shows.
  ["creditsCallback", ["LangChain"], MOMENTS.filter(({ leaves }) => leaves !== true)],
])("charges a cut stream of %s as documented", async (name, names, moments) => {
  const rows: string[] = [];
  for (const moment of moments) {
    const cells = [moment.name];
    for (const api of APIS) cells.push(await playAll(names, api, moment));
    rows.push(`| ${cells.join(" | ")} |`);
  }
  // A difference shows the table as it has to be.
  const table = [...HEADER, ...rows].join("\n");
  expect(findTable(name)).toBe(table);
});

/** Finds the table of a section. */
function findTable(name: string): string {
  const section = DOCUMENT.split(`### \`${name}\``)[1] ?? "";
  return section.split(/\n\n+/).find((part) => part.startsWith("| the stream is")) ?? "";
}
