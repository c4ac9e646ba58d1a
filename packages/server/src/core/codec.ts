import { z } from "zod";
import { type Fault, PARSING, toFaults } from "./faults.js";

/*
 * The quick way through the schemas. Decoding by zod takes as long as deciding a command, so each schema's quick decoder is
 * derived from the schema itself. It accepts nothing that zod would refuse. A value that it can't take goes to zod, which
 * accepts it or names each fault.
 */

/** Stands for a value that a quick decoder can't take. */
export const UNDECIDED: unique symbol = Symbol("undecided");

/** Converts a value outside (JSON) to a value inside (the core), or returns UNDECIDED. */
export type Decoder = (outside: unknown) => unknown;

/**
 * Quick decoders by definition of the schema. A schema that only gains a description keeps its definition. One that gains
 * a check has another.
 */
const DECODERS = new WeakMap<object, Decoder>();

/** Gives a schema a quick decoder. It has to agree with the schema on every value that it takes. */
export function withDecoder<S extends z.ZodType>(schema: S, decoder: Decoder): S {
  DECODERS.set(schema.def, decoder);
  return schema;
}

/** Returns the quick decoder of a schema. */
export function toDecoder(schema: z.ZodType): Decoder {
  let decoder = DECODERS.get(schema.def);
  if (decoder === undefined) {
    decoder = derive(schema);
    DECODERS.set(schema.def, decoder);
  }
  return decoder;
}

function derive(schema: z.ZodType): Decoder {
  const { checks } = schema.def as { readonly checks?: readonly unknown[] };
  // Checks are zod's to make.
  if ((checks ?? []).length > 0) return viaZod(schema);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return absentOr(schema);
  if (schema instanceof z.ZodObject) return fields(schema);
  if (schema instanceof z.ZodCodec) return converted(schema);
  if (schema instanceof z.ZodUnion) return union(schema);
  if (schema instanceof z.ZodEnum) {
    const options = new Set<unknown>(schema.options);
    return (value) => (options.has(value) ? value : UNDECIDED);
  }
  if (schema instanceof z.ZodBoolean) return (value) => (typeof value === "boolean" ? value : UNDECIDED);
  return viaZod(schema);
}

function viaZod(schema: z.ZodType): Decoder {
  return (value) => {
    const result = schema.safeParse(value);
    return result.success ? result.data : UNDECIDED;
  };
}

/** Absent values may be undefined where the schema is optional, and null where it is nullable. Inside, both are null. */
function absentOr(schema: z.ZodOptional | z.ZodNullable): Decoder {
  const inner = toDecoder(schema.unwrap() as z.ZodType);
  const whenUndefined = schema.safeParse(undefined).success ? null : UNDECIDED;
  const whenNull = schema.safeParse(null).success ? null : UNDECIDED;
  return (value) => {
    if (value === undefined) return whenUndefined;
    return value === null ? whenNull : inner(value);
  };
}

function converted({ def }: z.ZodCodec): Decoder {
  const outer = toDecoder(def.in as z.ZodType);
  const convert = def.transform as (value: unknown, context: { issues: unknown[] }) => unknown;
  return (value) => {
    const inner = outer(value);
    if (inner === UNDECIDED) return UNDECIDED;
    const issues: unknown[] = [];
    const inside = convert(inner, { issues });
    return issues.length === 0 ? inside : UNDECIDED;
  };
}

function union(schema: z.ZodUnion): Decoder {
  const options = schema.options.map((option) => toDecoder(option as z.ZodType));
  return (value) => {
    for (const decode of options) {
      const inside = decode(value);
      if (inside !== UNDECIDED) return inside;
    }
    return UNDECIDED;
  };
}

/** Makes the decoder of a record with bounded names and values. */
export function toRecordDecoder(name: z.ZodType, value: z.ZodType, namesMax: number): Decoder {
  const decodeName = toDecoder(name);
  const decodeValue = toDecoder(value);
  return (outside) => {
    if (!isPlainObject(outside)) return UNDECIDED;
    const own = Object.keys(outside);
    // Symbols and properties that are not enumerable are zod's to judge.
    if (own.length > namesMax || own.length !== Reflect.ownKeys(outside).length) return UNDECIDED;
    const inside: Record<string, unknown> = {};
    for (const each of own) {
      if (each === "__proto__" || decodeName(each) === UNDECIDED) return UNDECIDED;
      const decoded = decodeValue(outside[each]);
      if (decoded === UNDECIDED) return UNDECIDED;
      inside[each] = decoded;
    }
    return inside;
  };
}

/** An object inside has all its fields, null where there is nothing, so that all objects of a schema have one shape. */
function fields(schema: z.ZodObject): Decoder {
  if (!(schema.def.catchall instanceof z.ZodNever)) return viaZod(schema);
  const names = Object.keys(schema.shape);
  const decoders = new Map(names.map((name) => [name, toDecoder(schema.shape[name] as z.ZodType)]));
  const required = names.filter((name) => decoders.get(name)?.(undefined) !== null);
  // A copy of an object that has all fields costs less than adding one after the other.
  const empty = JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, null])))) as Record<
    string,
    unknown
  >;
  return (outside) => {
    if (!isPlainObject(outside)) return UNDECIDED;
    const inside = { ...empty };
    for (const name in outside) {
      const decoder = decoders.get(name);
      const decoded = decoder === undefined ? UNDECIDED : decoder(outside[name]);
      if (decoded === UNDECIDED) return UNDECIDED;
      inside[name] = decoded;
    }
    for (let index = 0; index < required.length; index++)
      if (inside[required[index] as string] === null) return UNDECIDED;
    return inside;
  };
}

/** True if a value is an object as literals and JSON make it. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The decoded form of a schema: every field is there, null where there is nothing. */
export type Inside<S extends z.ZodObject> = {
  readonly [K in keyof z.output<S>]-?: undefined extends z.output<S>[K]
    ? Exclude<z.output<S>[K], undefined> | null
    : z.output<S>[K];
};

/** A decoded object, or its faults. */
export type Decoded<T> =
  | { readonly value: T; readonly faults: null }
  | { readonly value: null; readonly faults: readonly Fault[] };

/** Decodes an object, or returns its faults. */
export function decode<S extends z.ZodObject>(schema: S, outside: unknown): Decoded<Inside<S>> {
  const quick = toDecoder(schema)(outside);
  if (quick !== UNDECIDED) return { value: quick as Inside<S>, faults: null };
  const result = schema.safeParse(outside, PARSING);
  if (!result.success) return { value: null, faults: toFaults(result.error) };
  const data = result.data as Record<string, unknown>;
  const value = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, data[name] ?? null]));
  return { value: value as Inside<S>, faults: null };
}
