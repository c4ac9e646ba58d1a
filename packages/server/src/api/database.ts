import { z } from "zod";
import type { Fault } from "../core/faults.js";
import { type DatabaseOptions, POSTGRES_URL } from "../db/open.js";
import { toOptionsSchema, toPlain } from "./calls.js";
import { check, toInvalid } from "./inputs.js";

/** A name that PostgreSQL takes without quotes, unless it is a keyword. The server has the list of keywords. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** The schemas that belong to PostgreSQL, or to the application. */
const TAKEN = /^(?:pg_|information_schema$|public$)/;

const common = {
  schema: z
    .string()
    .regex(SCHEMA, "is not a plain name. Use lower-case letters, digits and underscores, at most 63")
    .refine((name) => !TAKEN.test(name), "is not the ledger's alone. Use another name")
    .optional(),
  migrate: z.boolean().optional(),
};

/** A place of a ledger. */
interface Place {
  readonly isValid: (value: unknown) => boolean;
  /** The remedy for one that is not valid. */
  readonly remedy: string;
  readonly schema: z.ZodObject;
}

const toPlace = (isValid: Place["isValid"], remedy: string, shape: z.ZodRawShape): Place => ({
  isValid,
  remedy,
  schema: toOptionsSchema({ ...shape, ...common }),
});

/** The places of a ledger, by the option that names them. */
const PLACES: Readonly<Record<string, Place>> = {
  url: toPlace(
    (url) => typeof url === "string" && POSTGRES_URL.test(url),
    "Write it as postgres://user:password@host:5432/database, and check that an environment variable is set",
    {
      url: z.string(),
      connections: z.number().int().min(1).max(1000).optional(),
      ssl: z.union([z.boolean(), z.looseObject({})]).optional(),
    },
  ),
  pool: toPlace(
    (pool) => typeof (pool as { connect?: unknown } | null | undefined)?.connect === "function",
    "Give a Pool of the package pg",
    { pool: z.unknown() },
  ),
  dataDir: toPlace(
    (directory) => typeof directory === "string" && directory !== "",
    "Give a directory, and check that an environment variable is set. For a database that is lost when the process ends, give { memory: true }",
    { dataDir: z.string() },
  ),
  memory: toPlace((memory) => memory === true, "Give true, or another database", { memory: z.unknown() }),
};

const NO_PLACE =
  'is none of { url: "postgres://..." }, { pool }, { dataDir: "a directory" } and { memory: true }. Give one of them, and check that an environment variable is set';

/**
 * Checks a database, and returns its options as a plain object, also those that an instance of a class inherits.
 *
 * @throws InvalidRequestError that states what a database may be
 */
export function checkDatabase(database: unknown): DatabaseOptions {
  const fault = findPlaceFault(database);
  if (fault !== null) throw toInvalid([{ path: "database", message: fault }]);
  const [name] = namePlaces(database) as [string];
  const { schema } = PLACES[name] as Place;
  const options = toPlain(schema, database as object);
  check(z.object({ database: schema }), { database: options });
  return options as DatabaseOptions;
}

function findPlaceFault(database: unknown): Fault["message"] | null {
  const names = namePlaces(database);
  const [name] = names;
  if (name === undefined) return NO_PLACE;
  if (names.length > 1) return `has ${names.join(" and ")}. Give one of them`;
  const { isValid, remedy } = PLACES[name] as Place;
  const value = (database as Record<string, unknown>)[name];
  if (isValid(value)) return null;
  const problem = value === undefined || value === "" ? "is not set" : "is not valid";
  return `has the option ${name}, which ${problem}. ${remedy}`;
}

/** Returns the names of the places that options have. */
function namePlaces(database: unknown): string[] {
  if (typeof database !== "object" || database === null) return [];
  return Object.keys(PLACES).filter((name) => name in database);
}
