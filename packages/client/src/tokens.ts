import { UnauthorizedError } from "./errors.js";

/** Where requests get their bearer token from. */
export interface Tokens {
  get(): Promise<string>;
  /** Forgets a token the server refused; false when another can't be had. */
  drop(refused: string): boolean;
}

/** A token that never changes. */
export function fixedToken(token: string): Tokens {
  return { get: () => Promise.resolve(token), drop: () => false };
}

/**
 * A token asked for once and then shared by all requests, until one of them is refused. Of several requests refused
 * with one token only the first forgets it: the others find its successor.
 */
export function sharedToken(getToken: () => string | Promise<string>): Tokens {
  let current: { value: Promise<string>; settled: string | null } | null = null;

  const ask = () => {
    const asked: { value: Promise<string>; settled: string | null } = {
      value: askOnce(getToken),
      settled: null,
    };
    asked.value.then(
      (token) => {
        asked.settled = token;
      },
      () => {
        if (current === asked) current = null;
      },
    );
    return asked;
  };

  return {
    get() {
      current ??= ask();
      return current.value;
    },
    drop(refused) {
      if (current?.settled === refused) current = null;
      return true;
    },
  };
}

async function askOnce(getToken: () => string | Promise<string>): Promise<string> {
  let token: unknown;
  try {
    token = await getToken();
  } catch (cause) {
    throw new UnauthorizedError(
      "No request was sent, since getToken failed. Its error is the cause of this one; a later call asks it again.",
      { code: "token_unavailable", status: null, problem: null, cause },
    );
  }
  if (typeof token === "string" && token !== "") return token;
  throw new UnauthorizedError(
    "No request was sent, since getToken gave no token. It must return a secret key or an account token, a non-empty string.",
    { code: "token_unavailable", status: null, problem: null },
  );
}
