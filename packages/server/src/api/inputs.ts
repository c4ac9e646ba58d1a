import { toError } from "@credit-activity/client";
import type { z } from "zod";
import { decode, type Inside, toDecoder, UNDECIDED } from "../core/codec.js";
import type { Operation } from "../core/command.js";
import { FAULTS_MAX, type Fault, PARSING, toFaults } from "../core/faults.js";
import type { KindType } from "../core/kinds.js";
import type { Kinds } from "./kinds.js";

/** The number of faults that a detail states. The errors of a problem have the first hundred. */
const STATED_MAX = 3;

/** The characters of a path that a detail states. A caller may name a field as it likes. */
const PATH_LENGTH_MAX = 100;

/** Makes the error of an input with faults. */
export function toInvalid(faults: readonly Fault[]): Error {
  return toError({ code: "bad_request", detail: describe(faults), errors: faults });
}

/** Describes faults in sentences. There may be more than the most that are collected. */
export function describe(faults: readonly Fault[]): string {
  const stated = faults.slice(0, STATED_MAX).map(toSentence);
  const more = faults.length - stated.length;
  const count = faults.length < FAULTS_MAX ? more : `at least ${more}`;
  if (more > 0) stated.push(more === 1 ? "There is 1 more fault." : `There are ${count} more faults.`);
  return stated.join(" ");
}

/** A message in lower case is the predicate of its path. Any other is a sentence with its own subject. */
function toSentence({ path, message }: Fault): string {
  const subject = path === "" ? "The input" : quote(path);
  if (/^[a-z]/.test(message)) return `${subject} ${message}.`;
  return path === "" ? `${message}.` : `${subject}: ${message}.`;
}

/** Quotes a path that is not made of names and numbers alone. */
function quote(path: string): string {
  const shown = path.length > PATH_LENGTH_MAX ? `${path.slice(0, PATH_LENGTH_MAX)}…` : path;
  return /^[\w.-]+$/.test(shown) ? shown : JSON.stringify(shown);
}

/** Decodes an object, or throws an error that names each fault. */
export function check<S extends z.ZodObject>(schema: S, input: unknown): Inside<S> {
  const { value, faults } = decode(schema, input);
  if (faults !== null) throw toInvalid(faults);
  return value;
}

/** Decodes a single value, or throws an error that names each fault. */
export function checkValue<S extends z.ZodType>(schema: S, path: string, input: unknown): z.output<S> {
  const value = toDecoder(schema)(input);
  if (value !== UNDECIDED) return value as z.output<S>;
  const result = schema.safeParse(input, PARSING);
  if (result.success) return result.data;
  throw toInvalid(
    toFaults(result.error).map((fault) => ({ ...fault, path: [path, fault.path].filter(Boolean).join(".") })),
  );
}

const NO_FAULTS: readonly Fault[] = [];

/** Returns the faults of a decoded input that its schema can't find: kinds of another type, and those between fields. */
export function findFaults(operation: Operation, input: unknown, kinds: Kinds): readonly Fault[] {
  const faults = operation.findFaults?.(input) ?? NO_FAULTS;
  if (!operation.hasKind) return faults;
  const { kind, only } = input as { readonly kind: string | null; readonly only?: readonly string[] | null };
  const ofKind = kind === null ? NO_FAULTS : findKind("kind", kind, operation.type, kinds);
  if (only == null && ofKind.length === 0) return faults;
  const ofOnly = (only ?? []).flatMap((usage, at) => findKind(`only.${at}`, usage, "usage", kinds));
  return [...ofKind, ...ofOnly, ...faults];
}

function findKind(path: string, kind: string, type: KindType, kinds: Kinds): readonly Fault[] {
  if (kinds.has(kind, type)) return NO_FAULTS;
  const names = kinds.names(type).join(", ");
  return [{ path, message: `is not a kind of the type ${type}. Use one of ${names}` }];
}
