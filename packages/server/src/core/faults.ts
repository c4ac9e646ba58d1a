import type { z } from "zod";

/** A fault of an input. Its path and message make the sentence `<path> <what is wrong>. <What to do>`. */
export interface Fault {
  /** The place, such as `events.3.credits`. It is empty for the input itself. */
  readonly path: string;
  readonly message: string;
}

/** The most faults that are collected of one input. */
export const FAULTS_MAX = 100;

/** The characters of a path that a fault has. A caller may name a field as it likes. */
const PATH_LENGTH_MAX = 500;

type RawIssue = z.core.$ZodRawIssue;
type Issue = z.core.$ZodIssue;

/** The types that zod expects, as words. */
const NOUNS: Readonly<Record<string, string>> = {
  array: "an array",
  AbortSignal: "an AbortSignal",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a string",
};

const NOT_A_FIELD = "is not a field. Leave it out";

/** The parameters of zod's parsers. They come before messages that an app has configured, but after a schema's own. */
export const PARSING = { error: toMessage } as const;

/** Returns the first faults of an error that was parsed with `PARSING`. */
export function toFaults(error: z.ZodError): Fault[] {
  const faults: Fault[] = [];
  collect(error.issues, [], faults);
  return faults;
}

function collect(issues: readonly Issue[], parent: readonly PropertyKey[], faults: Fault[]): void {
  for (const issue of issues) {
    const left = FAULTS_MAX - faults.length;
    if (left === 0) return;
    const path = [...parent, ...issue.path];
    const specific = issue.code === "invalid_union" ? issue.errors.find(isSpecific) : undefined;
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys.slice(0, left)) faults.push(toFault([...path, key], issue.message));
    } else if (specific !== undefined) collect(specific, path, faults);
    else faults.push(toFault(path, issue.message));
  }
}

function toFault(path: readonly PropertyKey[], message: string): Fault {
  const whole = path.map(String).join(".");
  return {
    path: whole.length > PATH_LENGTH_MAX ? `${whole.slice(0, PATH_LENGTH_MAX)}…` : whole,
    message,
  };
}

/** True if the issues are those of a union's option whose type the value has. */
function isSpecific(issues: readonly Issue[]): boolean {
  return issues.every(({ code, path }) => code !== "invalid_type" || path.length > 0);
}

function toMessage(issue: RawIssue): string {
  const isMissing = issue.input === undefined;
  switch (issue.code) {
    case "invalid_type": {
      if (issue.expected === "never") return NOT_A_FIELD;
      const noun = NOUNS[issue.expected] ?? `a ${issue.expected}`;
      return isMissing ? `is missing. Give ${noun}` : `is not ${noun}. Give one`;
    }
    case "invalid_value": {
      const values = (issue.values as unknown[]).join(", ");
      if ((issue.values as unknown[]).length === 1)
        return isMissing ? `is missing. Give ${values}` : `is not ${values}. Give that`;
      return isMissing ? `is missing. Give one of ${values}` : `is not one of ${values}. Use one of these`;
    }
    case "too_small":
      return toTooSmall(issue.origin as string, Number(issue.minimum));
    case "too_big":
      return toTooBig(issue.origin as string, Number(issue.maximum));
    case "unrecognized_keys":
      return NOT_A_FIELD;
    case "invalid_key":
      // The first of the key's own faults, which zod has already put into words.
      return (issue.issues as Issue[])[0]?.message ?? "is under a wrong key. Use another key";
    case "invalid_union":
      return isMissing ? "is missing. Give it" : "is of a wrong type. Give one of another type";
    default:
      return "is not valid. Give another value";
  }
}

function toTooSmall(origin: string, minimum: number): string {
  if (origin === "string" && minimum === 1) return "is empty. Give at least 1 character";
  if (origin === "string") return `is shorter than ${minimum} characters. Give more`;
  if (origin === "array") return `has fewer than ${minimum} items. Give more`;
  return `is below ${minimum}. Give at least ${minimum}`;
}

function toTooBig(origin: string, maximum: number): string {
  if (origin === "string") return `is longer than ${maximum} characters. Shorten it`;
  if (origin === "array") return `has more than ${maximum} items. Give fewer`;
  return `is above ${maximum}. Give at most ${maximum}`;
}
