import type { z } from "zod";
import type { Entry, Hold } from "./entry.js";
import type { Fault } from "./faults.js";
import type { KindType } from "./kinds.js";
import type { RefusalCode } from "./refusal.js";
import type { Draft, Past } from "./state.js";

/** The place of an operation in the HTTP API. */
export interface Route {
  /** The path below `/v1/accounts/{account}`. */
  readonly path: string;
  readonly tag: "Commands" | "Holds";
  readonly summary: string;
  readonly description: string;
}

/**
 * An operation of the ledger: its input, its fingerprint, its refusals and its decision. The library's methods, the HTTP
 * routes and the OpenAPI document are made from the registry of operations.
 */
export interface Operation<Input = unknown> {
  readonly name: string;
  /** The input's schema: strings outside, bigints and instants inside. */
  readonly schema: z.ZodObject;
  /** True if the input names a kind, which then has to be of the operation's type. */
  readonly hasKind: boolean;
  /** The type of the entries it posts. */
  readonly type: KindType;
  /** The record that it makes. A settlement makes an entry, or, when it takes nothing, a released hold. */
  readonly result: "entry" | "hold" | "settlement";
  /** The refusals that it can have besides those that every operation can. */
  readonly refusals: readonly RefusalCode[];
  /** The record that its input names, which has to be loaded. */
  readonly refersTo?: "hold" | "entry" | "grant";
  /** True if a closed account takes it. */
  readonly isForClosed?: true;
  /** Null for an operation whose route is written by hand. */
  readonly route: Route | null;
  /** Returns faults that lie between fields. */
  findFaults?(input: Input): readonly Fault[];
  /**
   * Returns the payload as fingerprints of version 1 have it. It is null when that version can't express the command, which
   * then differs from all of that version.
   */
  toVersion1(command: Command<Input>): readonly unknown[] | null;
  /**
   * Decides the command on a draft on which nothing is due: a function of its arguments.
   *
   * @throws Refused with one of `refusals`
   */
  decide(draft: Draft, command: Command<Input>, past: Past): Entry | Hold;
}

/** The refusals that every operation can have. */
export const COMMON_REFUSALS: readonly RefusalCode[] = [
  "account_not_found",
  "account_closed",
  "key_conflict",
];

/** A command with a key, on one account. */
export interface Command<Input = unknown> {
  readonly operation: Operation<Input>;
  readonly account: string;
  /** The same key again returns the first response and moves nothing. */
  readonly key: string;
  /** The hold that the command names, or the id that a new hold gets. */
  readonly hold: string | null;
  readonly input: Input;
}

/** The command that posts what has come due on an account that nobody touches. What is due is due once, so it has no key. */
export interface Touch {
  readonly operation: null;
  readonly account: string;
  readonly key: null;
}

export type AnyCommand = Command | Touch;
