import { UnauthorizedError } from "./errors.js";

/** The bearer tokens of a client's requests. */
export interface TokenSource {
  get(): Promise<string>;
  /** Discards a token that the server refused. Returns false if there is no other. */
  discard(refused: string): boolean;
}

/** Makes a source of one token that never changes. */
export function fixedToken(token: string): TokenSource {
  return { get: () => Promise.resolve(token), discard: () => false };
}

/**
 * Makes a source whose token all requests share until the server refuses it. If several requests are refused with one
 * token, only the first discards it, and the others get its successor.
 */
export function sharedToken(getToken: () => string | Promise<string>): TokenSource {
  let current: { value: Promise<string>; settled: string | null } | null = null;

  const request = () => {
    const requested: { value: Promise<string>; settled: string | null } = {
      value: callGetToken(getToken),
      settled: null,
    };
    requested.value.then(
      (token) => {
        requested.settled = token;
      },
      () => {
        if (current === requested) current = null;
      },
    );
    return requested;
  };

  return {
    get() {
      current ??= request();
      return current.value;
    },
    discard(refused) {
      if (current?.settled === refused) current = null;
      return true;
    },
  };
}

async function callGetToken(getToken: () => string | Promise<string>): Promise<string> {
  let token: unknown;
  try {
    token = await getToken();
  } catch (cause) {
    throw noToken("getToken failed. See the cause of this error. The next call tries again.", cause);
  }
  if (typeof token === "string" && token !== "") return token;
  throw noToken("getToken returned no token. Return a secret key or an account token.");
}

function noToken(message: string, cause?: unknown): UnauthorizedError {
  const details = { code: "token_unavailable", facts: {}, status: null, problem: null };
  return new UnauthorizedError(message, { ...details, cause });
}
