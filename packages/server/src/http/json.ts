import { toInvalid } from "../api/inputs.js";

/** The deepest nesting of a body. The deepest that an operation takes has six levels. */
const NESTING_MAX = 32;

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Parses a body strictly (RFC 8259, section 4, leaves names that are not unique to the parser). `JSON.parse` alone would
 * let the last of two equal names win, so another system could read another amount.
 *
 * @throws InvalidRequestError that states what is wrong with it
 */
export function parseJson(body: string): unknown {
  const names = countNames(body);
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw refused(`is not JSON (${(error as Error).message}). Send a JSON object`);
  }
  if (countProperties(value) !== names) {
    throw refused("has an object with the same name twice. Give each name once");
  }
  return value;
}

function refused(problem: string): Error {
  return toInvalid([{ path: "", message: `The body ${problem}` }]);
}

/** Counts the names in objects of JSON. Each has a colon after it, and no other colon is outside of strings. */
function countNames(json: string): number {
  let names = 0;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = toStringEnd(json, at);
        break;
      case COLON:
        names += 1;
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth += 1;
        if (depth > NESTING_MAX) throw refused(`is nested deeper than ${NESTING_MAX} levels. Flatten it`);
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth -= 1;
    }
  }
  return names;
}

/** Returns the index of the quote that ends a string, or the end of the JSON where there is none. */
function toStringEnd(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (json.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return json.length;
}

/**
 * Counts the properties of a value and of all values in it.
 *
 * @throws InvalidRequestError if one is named `__proto__`, which schemas of objects would pass over
 */
function countProperties(value: unknown): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null) continue;
    if (Array.isArray(next)) {
      for (const element of next) if (typeof element === "object") open.push(element);
      continue;
    }
    for (const name of Object.keys(next)) {
      if (name === "__proto__") throw refused('has the name "__proto__". Use another name');
      count += 1;
      const inner = (next as Record<string, unknown>)[name];
      if (typeof inner === "object") open.push(inner);
    }
  }
  return count;
}
