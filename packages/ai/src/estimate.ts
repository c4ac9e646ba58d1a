import { type Json, toObject } from "./json.js";

/** Counts the tokens of a string. */
export type CountTokens = (text: string) => number;

/**
 * The bytes of UTF-8 that stand for one token. English has about 4, code about 3.5. Scripts with longer encodings also
 * have more tokens per character.
 */
const BYTES_PER_TOKEN = 3.5;

/** The tokens of an image or a file, whatever its size. */
const TOKENS_PER_FILE = 1_000;

const ENCODER = new TextEncoder();

/** Counts tokens by the length of a string, without a tokenizer. */
export const countByLength: CountTokens = (text) =>
  Math.ceil(ENCODER.encode(text).byteLength / BYTES_PER_TOKEN);

/** Counts with a tokenizer, and by length where it fails or returns another value than a count. */
export function withFallback(countTokens: CountTokens): CountTokens {
  return (text) => {
    try {
      const count = countTokens(text);
      if (Number.isFinite(count) && count >= 0) return Math.ceil(count);
    } catch {
      // A tokenizer may refuse a string, such as one with its own special tokens.
    }
    return countByLength(text);
  };
}

/** Estimates the tokens of a request: those of its strings and names, and a fixed number per file. */
export function estimateInput(request: unknown, countTokens: CountTokens): number {
  const strings: string[] = [];
  const files = collect(request, strings);
  return countTokens(strings.join("\n")) + files * TOKENS_PER_FILE;
}

/** Collects the strings and names of a value, and returns the number of its files. */
function collect(value: unknown, strings: string[]): number {
  if (typeof value === "string") return collectString(value, strings, DATA_URL.test(value));
  if (typeof value !== "object" || value === null) return 0;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof URL) return 1;
  if (Array.isArray(value)) return value.reduce<number>((files, item) => files + collect(item, strings), 0);
  const object = toObject(value);
  let files = 0;
  for (const [name, item] of Object.entries(object)) {
    strings.push(name);
    if (typeof item !== "string") files += collect(item, strings);
    else files += collectString(item, strings, isFile(name, item, object));
  }
  return files;
}

function collectString(value: string, strings: string[], isFile: boolean): number {
  if (!isFile) strings.push(value);
  return isFile ? 1 : 0;
}

/** A whole data URL. Other strings may begin like one. */
const DATA_URL = /^data:[\w.+/-]*(?:;[\w.+-]+=[\w.+-]+)*;base64,[\w+/-]*={0,2}$/;
const BASE64 = /^[\w+/-]+={0,2}$/;

/** The fields of strings that users write, which may look like a file. */
const TEXT_FIELDS = ["text", "content", "prompt", "input"];

/** The fields of a file's Base64 in the APIs and SDKs. */
const FILE_FIELDS = ["data", "file_data"];

/** The fields beside a file's Base64 that name its kind. */
const KIND_FIELDS = ["media_type", "mediaType", "mime_type", "mimeType", "format", "filename"];

/** True if a field holds a file: a whole data URL, or Base64 beside the kind of the file. */
function isFile(name: string, value: string, object: Json): boolean {
  if (TEXT_FIELDS.includes(name)) return false;
  if (DATA_URL.test(value)) return true;
  if (!FILE_FIELDS.includes(name) || object.type === "text") return false;
  return (object.type === "base64" || KIND_FIELDS.some((kind) => kind in object)) && BASE64.test(value);
}
