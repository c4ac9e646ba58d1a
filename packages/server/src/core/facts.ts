import type { Micros } from "./amount.js";

/** The cause of an entry: a plan, a purchase, a model, a platform resource, a person in support. */
export interface Source {
  readonly type: string;
  readonly id: string | null;
  readonly label: string;
}

/** A project, member or task. Its label is kept once per account and id; null means that none came with it. */
export interface Dimension {
  readonly id: string;
  readonly label: string | null;
}

/** The integrator's own dimensions: where, by whom, and for which piece of work credits were used. */
export const DIMENSIONS = ["project", "member", "task"] as const;
export type DimensionName = (typeof DIMENSIONS)[number];

/** The integrator's own values, by name. */
export type Metadata = Readonly<Record<string, string | number | boolean>>;

/** The measured quantities, by name: tokens by type, steps, requests. Each is a decimal string. */
export type Quantities = Readonly<Record<string, string>>;

/** The credits before a discount, as a positive amount. Null where there was none. */
export interface Discounted {
  readonly originalCredits: Micros | null;
}

/**
 * The facts that callers give with a command and that its entry carries. No rule of the balance depends on them. A fact
 * that is null was not given.
 */
export interface Facts extends Discounted {
  readonly description: string | null;
  readonly source: Source | null;
  readonly project: Dimension | null;
  readonly member: Dimension | null;
  readonly task: Dimension | null;
  /** The version of the price that rated the usage. */
  readonly price: string | null;
  readonly quantities: Quantities | null;
  /** True if the quantities are estimated. */
  readonly estimated: boolean | null;
  /** The integrator's own cost. Account tokens never read it. */
  readonly cost: Micros | null;
  readonly metadata: Metadata | null;
  /** Metadata that account tokens never read. */
  readonly privateMetadata: Metadata | null;
}

/** The facts of an entry for which none were given. */
export const NO_FACTS: Facts = Object.freeze({
  originalCredits: null,
  description: null,
  source: null,
  project: null,
  member: null,
  task: null,
  price: null,
  quantities: null,
  estimated: null,
  cost: null,
  metadata: null,
  privateMetadata: null,
});

/** A label that came with a command. */
export interface Label {
  readonly dimension: DimensionName;
  readonly id: string;
  readonly label: string;
}

/** Returns the facts among the fields of an input, with those of a fallback where it has none. */
export function toFacts(input: Partial<Facts>, fallback: Facts = NO_FACTS): Facts {
  // Each is named, because a loop over names takes several times as long.
  return {
    originalCredits: input.originalCredits ?? fallback.originalCredits,
    description: input.description ?? fallback.description,
    source: input.source ?? fallback.source,
    project: input.project ?? fallback.project,
    member: input.member ?? fallback.member,
    task: input.task ?? fallback.task,
    price: input.price ?? fallback.price,
    quantities: input.quantities ?? fallback.quantities,
    estimated: input.estimated ?? fallback.estimated,
    cost: input.cost ?? fallback.cost,
    metadata: input.metadata ?? fallback.metadata,
    privateMetadata: input.privateMetadata ?? fallback.privateMetadata,
  };
}

/** The part of a grant that entries about it take over. */
interface GrantTexts {
  readonly title: string | null;
  readonly description: string | null;
  readonly source: Source | null;
}

/** Returns the facts of an entry about a grant: those of an input, and what the grant says of itself where it has none. */
export function toGrantFacts({ title, description, source }: GrantTexts, input: Partial<Facts> = {}): Facts {
  return toFacts(input, { ...NO_FACTS, description: description ?? title, source });
}
