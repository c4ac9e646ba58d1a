import { KIND_WORDS, NOUNS_DEFAULT, type Nouns } from "@credit-activity/client";
import { z } from "zod";
import {
  BUILT_IN_KINDS,
  type BuiltInKind,
  KIND_TYPES,
  KINDS_MAX,
  type KindType,
  RESERVED_KINDS,
} from "../core/kinds.js";

/** A kind as the config defines it. */
export interface KindDefinition {
  readonly type: KindType;
  readonly title: string;
  /** For kinds of type usage. Default: entry, entries. */
  readonly nouns?: Nouns | undefined;
}

const word = z.string().min(1).max(200);
const kindName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,63}$/,
    "is not a name of a kind. Use up to 64 lower case letters, digits and underscores",
  )
  .refine((name) => !Object.hasOwn(BUILT_IN_KINDS, name), "is a built-in kind. Use another name");

/** The most kinds that the config may add. */
const ADDED_MAX = KINDS_MAX - Object.keys(BUILT_IN_KINDS).length;

/** The option that adds kinds. */
export const kindsOption = z
  .record(
    kindName,
    z.strictObject({
      type: z.enum(KIND_TYPES),
      title: word,
      nouns: z.strictObject({ one: word, other: word }).optional(),
    }),
  )
  .refine(
    (kinds) => Object.keys(kinds).length <= ADDED_MAX,
    `has more than ${ADDED_MAX} kinds. Use fewer, and distinguish usage by its source`,
  );

/** The kinds of a ledger with their words. */
export interface Kinds {
  /** Returns the kinds of a type that a caller may name. */
  names(type: KindType): readonly string[];
  /** True if a caller may name a kind for entries of a type. */
  has(kind: string, type: KindType): boolean;
  toTitle(kind: string): string;
  /** Returns the nouns of a kind of type usage. A kind that the config no longer has gets the default. */
  toNouns(kind: string): Nouns;
}

/** Makes the catalog of the built-in kinds and those of the config. */
export function createKinds(added: Readonly<Record<string, KindDefinition>>): Kinds {
  const definitions = new Map<string, KindDefinition>();
  for (const [kind, type] of Object.entries(BUILT_IN_KINDS))
    definitions.set(kind, { type, ...KIND_WORDS[kind as BuiltInKind] });
  for (const [kind, definition] of Object.entries(added)) definitions.set(kind, definition);
  const names = (type: KindType) =>
    [...definitions].flatMap(([kind, definition]) =>
      definition.type === type && !RESERVED_KINDS.includes(kind) ? [kind] : [],
    );
  const byType: Readonly<Record<KindType, ReadonlySet<string>>> = {
    grant: new Set(names("grant")),
    usage: new Set(names("usage")),
    correction: new Set(names("correction")),
  };
  return {
    names: (type) => [...byType[type]],
    has: (kind, type) => byType[type].has(kind),
    toTitle: (kind) => definitions.get(kind)?.title ?? kind,
    toNouns: (kind) => definitions.get(kind)?.nouns ?? NOUNS_DEFAULT,
  };
}
