import type { Json, Step } from "./before-0004.js";

type Op = Exclude<Step["op"], "putAccount">;

const DIMENSIONS = { project: null, member: null, task: null };
const FACTS = { description: null, source: null, metadata: {}, privateMetadata: {} };
const MEASURES = { price: null, quantities: null, estimated: false, cost: null, originalCredits: null };

/** Values that stand for fields left out of an input. */
const DEFAULTS: Readonly<Record<Op, Json>> = {
  grant: { ...FACTS, title: null, effectiveAt: null, expiresAt: null, priority: 100 },
  spend: { ...FACTS, ...DIMENSIONS, ...MEASURES, kind: "ai_usage" },
  usage: { ...FACTS, ...DIMENSIONS, ...MEASURES, occurredAt: null },
  hold: { ...FACTS, ...DIMENSIONS, kind: "ai_usage", expiresIn: 3600 },
  settle: { ...MEASURES, description: null, metadata: {}, privateMetadata: {} },
  release: {},
  refund: { ...FACTS, credits: null },
  adjust: { source: null, metadata: {}, privateMetadata: {} },
  writeOff: { source: null, metadata: {}, privateMetadata: {} },
};

/** The same command in other words: defaults spelled out, trailing zeros, `{ id }` for an id, keys in another order. */
export function toRestated(step: Step): Step {
  const given = step.input;
  const input: Record<string, unknown> = { ...DEFAULTS[step.op as Op], ...given };
  for (const name of ["credits", "originalCredits"]) {
    const amount = input[name];
    if (typeof amount === "string") input[name] = padded(amount);
  }
  if (typeof input.project === "string") input.project = { id: input.project };
  if (given.source !== undefined && given.source !== null) input.source = { id: null, ...given.source };
  if (given.metadata !== undefined) input.metadata = reversed(given.metadata as Json);
  return { ...step, input: reversed(input) };
}

function padded(amount: string): string {
  const [whole = "", decimals = ""] = amount.split(".");
  return `${whole}.${decimals.padEnd(6, "0")}`;
}

const reversed = (given: Json): Json => Object.fromEntries(Object.entries(given).toReversed());

const COST = { cost: "0.01" };
const MEASURED = [
  COST,
  { price: "p1" },
  { quantities: { tokens: "12" } },
  { estimated: true },
  { originalCredits: "123" },
];
const PLACED = [{ project: "altered" }, { member: "m1" }, { task: "t1" }];
const SOURCE = { source: { type: "altered", label: "Altered" } };

/** Changes to one field each, by which a command becomes another one. */
const CHANGES: Readonly<Record<Op, readonly Json[]>> = {
  grant: [
    ...[SOURCE, { priority: 77 }],
    ...[{ effectiveAt: "2024-01-01T00:00:00Z" }, { expiresAt: "2198-01-01T00:00:00Z" }],
  ],
  spend: [SOURCE, ...MEASURED, ...PLACED],
  usage: [SOURCE, ...MEASURED, ...PLACED, { occurredAt: "2024-01-01T00:00:00Z" }],
  hold: [SOURCE, ...PLACED, { expiresIn: 77 }],
  settle: MEASURED,
  release: [],
  refund: [SOURCE, { entry: 1 }],
  adjust: [SOURCE],
  writeOff: [SOURCE],
};

/** Another kind of the same type. */
const OTHER_KINDS: Readonly<Record<string, string>> = {
  monthly_grant: "purchase",
  purchase: "manual_grant",
  bonus: "purchase",
  manual_grant: "purchase",
  ai_usage: "build_usage",
  build_usage: "runtime_usage",
  runtime_usage: "ai_usage",
};

/** Other commands under the same key. */
export function toAltered(step: Step): Step[] {
  const op = step.op as Op;
  const other: Step =
    op === "adjust"
      ? { ...step, op: "spend", input: { credits: "0.654321" } }
      : { ...step, op: "adjust", input: { credits: "0.654321", description: "altered" } };
  if (op === "release") return [other, { ...step, hold: "hold_altered" }];
  const { kind = "ai_usage", metadata } = step.input;
  const changes: Json[] = [
    ...CHANGES[op],
    { credits: "0.654321" },
    { description: "altered" },
    { metadata: { ...(metadata as Json | undefined), altered: true } },
    { privateMetadata: { altered: true } },
    // Only a bonus may have a title.
    ...(kind === "bonus" ? [{ title: "Altered" }] : []),
    ...("kind" in DEFAULTS[op] || "kind" in step.input
      ? [{ kind: OTHER_KINDS[kind as string], ...(kind === "bonus" ? { title: null } : {}) }]
      : []),
  ];
  return [
    other,
    ...(op === "settle" ? [{ ...step, hold: "hold_altered" }] : []),
    ...changes.map((change) => ({ ...step, input: { ...step.input, ...change } })),
  ];
}
