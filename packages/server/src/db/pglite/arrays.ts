import type { SqlArray } from "../port.js";
import { formatTimestamp } from "../types.js";

type Element = string | bigint | number | boolean;

/** Encodes an array in Postgres's text format. The embedded database takes no other. */
export function toArrayText({ array, values }: SqlArray): string {
  return `{${values.map((value) => (value === null ? "NULL" : toElement(array, value))).join(",")}}`;
}

function toElement(type: SqlArray["array"], value: Element): string {
  switch (type) {
    case "text":
      return `"${(value as string).replace(/["\\]/g, "\\$&")}"`;
    case "bytea":
      return `"\\\\x${value}"`;
    case "timestamptz":
      return `"${formatTimestamp(value as number)}"`;
    default:
      return value.toString();
  }
}
