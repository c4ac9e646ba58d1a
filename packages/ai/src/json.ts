/** A JSON object of a provider. Nothing of its shape is certain. */
export type Json = { readonly [name: string]: unknown };

/** Parses a JSON object. It returns null for any other string. */
export function parseObject(json: string): Json | null {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** True if a value is an object with names. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns an object as it is, and an empty one for other values. */
export function toObject(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** Returns a number as it is, and undefined for other values. */
export function toNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Returns a string as it is, and an empty one for other values. */
export function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
