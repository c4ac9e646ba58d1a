import { readFileSync } from "node:fs";
import type { LocalLedger, UsageEvent } from "@credit-activity/server";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { failSettlements, openLedger } from "./ledger.js";
import { events, json, type Provider, startProvider } from "./provider.js";
import { chatResult, messagesStream, responsesResult, responsesStream, WORDS, whole } from "./shapes.js";

const DOCUMENT = readFileSync(new URL("../../../docs/ai.md", import.meta.url), "utf8");

/** The snippets of the document, by their section. */
const SNIPPETS = DOCUMENT.split(/^## /m).flatMap((section) =>
  [...section.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = ""]) => ({
    title: section.slice(0, section.indexOf("\n")),
    code,
  })),
);

/** The packages that the snippets import. */
const LOADERS: Readonly<Record<string, () => Promise<Readonly<Record<string, unknown>>>>> = {
  "@ai-sdk/openai": () => import("@ai-sdk/openai"),
  "@anthropic-ai/sdk": () => import("@anthropic-ai/sdk"),
  "@credit-activity/ai": () => import("../src/index.js"),
  "@langchain/openai": () => import("@langchain/openai"),
  ai: () => import("ai"),
  openai: () => import("openai"),
};

/** The names that the snippets use and do not make. */
interface Surroundings {
  readonly ledger: LocalLedger;
  readonly failing: LocalLedger;
  readonly queue: UsageEvent[];
  readonly request: Pick<Request, "signal">;
  readonly response: { write(text: string): void };
}

let provider: Provider;
let ledger: LocalLedger;
let written = "";
beforeAll(async () => {
  provider = await startProvider();
  // Packages read these when they are loaded.
  vi.stubEnv("OPENAI_BASE_URL", provider.url);
  vi.stubEnv("OPENAI_API_KEY", "key");
  vi.stubEnv("ANTHROPIC_BASE_URL", new URL(provider.url).origin);
  vi.stubEnv("ANTHROPIC_API_KEY", "key");
});
afterAll(() => provider.close());
beforeEach(async () => {
  written = "";
  ledger = await openLedger();
  await ledger.putAccount("acme");
  await ledger.putAccount("empty");
  await ledger.grant("acme", { kind: "purchase", credits: "10" });
});
afterEach(async () => {
  expect(provider.left()).toBe(0);
  await ledger.close();
});

/** Runs a snippet as the body of a function, with its imports loaded before. */
async function run(code: string): Promise<void> {
  const imports = /^import (?:\{(.*?)\}|(\w+)) from "(.*?)";$/gm;
  const modules: Record<string, unknown> = {};
  for (const [, names = "", name, from = ""] of code.matchAll(imports)) {
    const module = await LOADERS[from]?.();
    if (module === undefined) throw new Error(`The package ${from} has no loader. Add it.`);
    if (name !== undefined) modules[name] = module.default;
    for (const named of names.split(",").map((part) => part.trim()))
      if (named !== "") modules[named] = module[named];
  }
  const surroundings: Surroundings = {
    ledger,
    failing: failSettlements(ledger),
    queue: [],
    request: { signal: new AbortController().signal },
    response: {
      write(text) {
        written += text;
      },
    },
  };
  const scope = { ...surroundings, ...modules };
  const AsyncFunction = run.constructor as new (
    ...source: string[]
  ) => (...values: unknown[]) => Promise<void>;
  await new AsyncFunction(...Object.keys(scope), code.replaceAll(imports, ""))(...Object.values(scope));
}

const used = async () => (await ledger.entries("acme", { order: "asc" })).entries.slice(1);

/** Each snippet by its section, with what it needs and what it leads to. */
const CASES: readonly [title: string, prepare: () => unknown, check: () => unknown][] = [
  [
    "Vercel AI SDK",
    () => provider.play(events(whole(responsesStream))),
    async () => {
      expect(written).toBe(WORDS.join(""));
      expect(await used()).toMatchObject([{ credits: "-0.00148", task: { id: "landing-page" } }]);
    },
  ],
  [
    "OpenAI and Anthropic",
    () => provider.play(json(chatResult)),
    async () => expect(await used()).toMatchObject([{ source: { id: "gpt-5.5" } }]),
  ],
  [
    "OpenAI and Anthropic",
    () => provider.play(events(whole(messagesStream))),
    async () => expect(await used()).toMatchObject([{ source: { id: "claude-sonnet-5" } }]),
  ],
  [
    "LangChain",
    () => provider.play(json(chatResult)),
    async () => expect(await used()).toMatchObject([{ source: { id: "gpt-5.5" } }]),
  ],
  [
    "Prices",
    () => provider.play(json(responsesResult)),
    async () => expect(await used()).toMatchObject([{ price: "gpt-5.5-mini 2026-11" }]),
  ],
  [
    "Refused calls",
    () => {},
    () => expect(written).toMatch(/^You have 0 credits\. This call may take 0\.0615\d*\.$/),
  ],
  [
    "Requests and steps",
    () => provider.play(json(responsesResult), json(responsesResult)),
    async () => expect(await used()).toMatchObject([{ key: "ai:request-17:0" }]),
  ],
  [
    "A ledger that fails",
    () => provider.play(json(responsesResult)),
    async () => expect(await used()).toMatchObject([{ kind: "ai_usage" }]),
  ],
  [
    "The provider's bill",
    () => ledger.spend("acme", { credits: "0.8", task: "landing-page" }),
    async () => expect((await used())[1]).toMatchObject({ credits: "-0.1", task: { id: "landing-page" } }),
  ],
];

it("has a case for each snippet", () => {
  expect(SNIPPETS.map(({ title }) => title)).toEqual(CASES.map(([title]) => title));
});

it.each(CASES.map((one, index) => [index, ...one] as const))(
  "runs snippet %i: %s",
  async (index, _, prepare, check) => {
    await prepare();
    await run(SNIPPETS[index]?.code ?? "");
    await check();
  },
);
