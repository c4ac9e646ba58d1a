import { toInvalid } from "../api/inputs.js";

/** The deepest nesting of a body. The deepest that an operation takes has six levels. */
const NESTING_MAX = 32;

/** The characters of JSON that are parsed at once. Parsing so much keeps the event loop for some milliseconds. */
export const SLICE_LENGTH = 256 * 1024;

/** The longest slice. It is longer than a valid event, even if all characters of that are escaped. */
const SLICE_LENGTH_MAX = 1024 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
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

/** JSON whose outermost array was taken out. */
export interface SlicedJson {
  /** The JSON with an empty array in the place of the array. */
  readonly frame: string;
  /** The number of items of the array. It is 0 if there is no array. */
  readonly count: number;
  /**
   * Parses the items, some at a time.
   *
   * @throws InvalidRequestError that states what is wrong with them
   */
  parse(): Iterable<readonly unknown[]>;
}

/**
 * Takes the outermost array out of JSON, so that its items can be parsed in slices. The array is the JSON itself, or a
 * property of it. The JSON is valid if the frame and all slices are.
 *
 * @throws InvalidRequestError if the JSON is nested too deeply, or has an item that is too long
 */
export function sliceJson(json: string): SlicedJson {
  let within = 0;
  let [start, end] = [-1, json.length];
  let commas = 0;
  let from = 0;
  const slices: [from: number, to: number][] = [];
  const addSlice = (to: number) => {
    if (to - from > SLICE_LENGTH_MAX)
      throw refused(`has an item of more than ${SLICE_LENGTH_MAX - SLICE_LENGTH} characters. Shorten it`);
    slices.push([from, to]);
    from = to + 1;
  };
  walk(json, (code, at, depth) => {
    if (start === -1) {
      if (code !== OPEN_ARRAY || depth > 1) return;
      within = depth + 1;
      start = at + 1;
      from = start;
    } else if (end === json.length) {
      if (code === COMMA && depth === within) {
        commas += 1;
        if (at - from >= SLICE_LENGTH) addSlice(at);
      } else if ((code === CLOSE_ARRAY || code === CLOSE_OBJECT) && depth < within) end = at;
    }
  });
  if (start === -1) return { frame: json, count: 0, parse: () => [] };
  const frame = json.slice(0, start) + json.slice(end);
  if (commas === 0 && json.slice(start, end).trim() === "") return { frame, count: 0, parse: () => [] };
  addSlice(end);
  return {
    frame,
    count: commas + 1,
    *parse() {
      for (const slice of slices) {
        const items = parseJson(`[${json.slice(...slice)}]`) as unknown[];
        if (items.length === 0)
          throw refused("is not JSON (a comma has no value beside it). Send a JSON object");
        yield items;
      }
    },
  };
}

/** Counts the names in objects of JSON. Each has a colon after it, and no other colon is outside of strings. */
function countNames(json: string): number {
  let names = 0;
  walk(json, (code) => {
    if (code === COLON) names += 1;
  });
  return names;
}

/**
 * Calls `visit` with each comma, colon and bracket outside of strings, and with the depth that is around it.
 *
 * @throws InvalidRequestError if the JSON is nested too deeply
 */
function walk(json: string, visit: (code: number, at: number, depth: number) => void): void {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    switch (code) {
      case QUOTE:
        at = toStringEnd(json, at);
        break;
      case COMMA:
      case COLON:
        visit(code, at, depth);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        visit(code, at, depth);
        depth += 1;
        if (depth > NESTING_MAX) throw refused(`is nested deeper than ${NESTING_MAX} levels. Flatten it`);
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth -= 1;
        visit(code, at, depth);
    }
  }
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
