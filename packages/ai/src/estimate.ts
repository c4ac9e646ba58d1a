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
  if (typeof value === "string") {
    if (isFile(value)) return 1;
    strings.push(value);
    return 0;
  }
  if (typeof value !== "object" || value === null) return 0;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof URL) return 1;
  if (Array.isArray(value)) return value.reduce<number>((files, item) => files + collect(item, strings), 0);
  let files = 0;
  for (const [name, item] of Object.entries(value)) {
    strings.push(name);
    files += collect(item, strings);
  }
  return files;
}

/** The length from which a string of Base64 characters alone is a file, since words have spaces. */
const BASE64_LENGTH_MIN = 256;

function isFile(value: string): boolean {
  if (value.startsWith("data:")) return true;
  return value.length >= BASE64_LENGTH_MIN && /^[\w+/=-]+$/.test(value.slice(0, BASE64_LENGTH_MIN));
}
