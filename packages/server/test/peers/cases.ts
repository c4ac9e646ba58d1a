import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The directory of the cases, which are not part of the project, from the environment. */
export const DIRECTORY = process.env.PEER_CASES ?? null;

/** A scenario of another ledger's test suite: commands and what they are expected to do. */
export interface Case {
  readonly id: string;
  readonly topic: string;
  /** The time at which the clock starts. */
  readonly start?: string;
  readonly steps: readonly Step[];
  /** Present where this ledger differs on purpose. */
  readonly disagree?: { readonly why: string };
}

type Value = string | number;

/** A step. It has one command or expectation, and what its result must be. */
export interface Step {
  readonly account?: string;
  /** The name of the result. */
  readonly as?: string;
  readonly key?: string;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, never>>;
  /** True if the account is not created first. */
  readonly noOpen?: true;
  readonly t?: string;
  readonly open?: true;
  readonly overdraft?: string;
  readonly grant?: Value;
  readonly kind?: string;
  readonly priority?: number;
  readonly from?: string;
  readonly until?: string;
  readonly spend?: Value;
  readonly usage?: Value;
  readonly occurred?: string;
  readonly hold?: Value;
  readonly for?: number;
  readonly settle?: Value;
  readonly of?: string;
  readonly release?: string;
  readonly refund?: string | number;
  readonly credits?: Value;
  readonly adjust?: Value;
  readonly writeOff?: Value;
  readonly voidGrant?: string;
  readonly sweep?: true;
  readonly usageBatch?: readonly Step[];
  readonly statuses?: readonly string[];
  readonly usageMany?: { readonly count: number; readonly each: string; readonly chunk: number };
  readonly parallel?: readonly Step[];
  readonly ok?: number;
  readonly refused?: number;
  readonly times?: number;
  readonly each?: Step;
  readonly fails?: string | true;
  readonly balance?: string;
  readonly moved?: string;
  readonly debt?: string;
  readonly draws?: readonly (readonly [grant: string, credits: string])[];
  readonly repeated?: true;
  readonly same?: string;
  readonly meta?: object;
  readonly expect?: Expectation;
  readonly pages?: Pages;
}

/** The state of an account at a moment. Each field that is there has to hold. */
export interface Expectation {
  readonly balance?: string;
  readonly available?: string;
  readonly held?: string;
  readonly used?: string;
  readonly debt?: string;
  readonly count?: number;
  readonly meta?: object;
  /** The remaining credits of grants, by name. */
  readonly grants?: Readonly<Record<string, string>>;
  /** The kind, credits and balance of each entry, the oldest first. */
  readonly entries?: readonly (readonly string[])[];
  readonly last?: readonly string[];
  readonly occurred?: readonly string[];
  readonly recorded?: readonly string[];
  readonly balanceAt?: Readonly<Record<string, string>>;
}

/** Parts of a list, one after the other. */
export interface Pages {
  readonly list?: "grants";
  readonly order?: "asc" | "desc";
  readonly limits: readonly number[];
  readonly sizes?: readonly number[];
  readonly by?: "seq";
  readonly items?: readonly Value[];
  /** True if the last part is not the end. */
  readonly more?: boolean;
}

/** Reads all cases. */
export function readCases(directory: string): readonly Case[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => JSON.parse(readFileSync(join(directory, name), "utf8")) as Case[]);
}
