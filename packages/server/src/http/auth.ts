import { createSecretKey, hash, type KeyObject, timingSafeEqual } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { formatInstant, type Instant, MICROS_PER_SECOND } from "../ledger/instant.js";

/** Who is calling: the integrator with a secret key, or an end user with a token for one account. */
export type Caller = { readonly type: "secret" } | { readonly type: "reader"; readonly account: string };

/** A read-only token for one account. */
export interface AccountToken {
  readonly token: string;
  readonly expiresAt: Instant;
}

/** Tells callers apart, and makes tokens. */
export interface Auth {
  /** Who a bearer credential belongs to, or why it is not accepted. */
  identify(credential: string): Promise<Caller | { readonly problem: string }>;
  /** Makes a token that reads one account and nothing else. */
  issue(account: string, seconds: number): Promise<AccountToken>;
}

export interface AuthOptions {
  /** What account tokens are signed with (HMAC-SHA-256); the same on all servers of a database. */
  readonly tokenSecret: Uint8Array;
  /** Secret keys accepted besides those in the database. */
  readonly secretKeys: readonly string[];
  /** Whether a digest is that of a key in the database that has not been revoked. */
  readonly isKnownKey: (digest: Buffer) => Promise<boolean>;
  readonly now: () => Instant;
}

const ISSUER = "credit-activity";

/**
 * For how long what the database said of a key is not asked again: how late a revocation can take effect, and, for a key
 * that came into the database in another way than by being made, how late it begins to work. A key is made of random
 * bytes, so nobody can have sent it before it was there.
 */
const KEY_CACHE_MS = 5_000;

/**
 * How many good keys, bad keys and tokens are remembered, of each. Bad keys are kept apart from good ones, so that no
 * flood of them drives these out.
 */
const CACHE_MAX = 10_000;

/** Makes the gate that requests pass. Tokens are JSON Web Tokens (RFC 7519) with the account as subject. */
export function createAuth(options: AuthOptions): Auth {
  const given = options.secretKeys.map(digest);
  const tokenKey = createSecretKey(options.tokenSecret);
  const goodUntil = new Map<string, number>();
  const badUntil = new Map<string, number>();
  const asked = new Map<string, Promise<boolean>>();
  const tokens = new Map<string, VerifiedToken>();

  /** Asks the database once, however many requests wait for the answer. */
  async function ask(name: string): Promise<boolean> {
    const until = Date.now() + KEY_CACHE_MS;
    const isGood = await options.isKnownKey(Buffer.from(name, "hex"));
    remember(isGood ? goodUntil : badUntil, name, until);
    return isGood;
  }

  function isSecret(name: string): boolean | Promise<boolean> {
    const now = Date.now();
    if ((goodUntil.get(name) ?? 0) > now) return true;
    if ((badUntil.get(name) ?? 0) > now) return false;
    const pending = asked.get(name) ?? ask(name).finally(() => asked.delete(name));
    asked.set(name, pending);
    return pending;
  }

  /** Who a token belongs to. Its signature is checked once; whether it has expired, each time. */
  async function readerOf(token: string, name: string): Promise<Caller | { readonly problem: string }> {
    const known = tokens.get(name);
    if (known !== undefined && options.now() < known.expiresAt) return known.caller;
    const read = await readToken(token, tokenKey, options.now());
    if ("problem" in read) return read;
    remember(tokens, name, read);
    return read.caller;
  }

  return {
    async identify(credential) {
      const bytes = digest(credential);
      // These come first: a key that the operator chose may look like a token.
      if (given.some((other) => timingSafeEqual(other, bytes))) return { type: "secret" };
      const name = bytes.toString("hex");
      if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(credential)) return readerOf(credential, name);
      if (await isSecret(name)) return { type: "secret" };
      return { problem: "The secret key is not known, or has been revoked." };
    },
    async issue(account, seconds) {
      const now = Math.floor(options.now() / MICROS_PER_SECOND);
      const token = await new SignJWT()
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer(ISSUER)
        .setAudience(ISSUER)
        .setSubject(account)
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .sign(tokenKey);
      return { token, expiresAt: ((now + seconds) * MICROS_PER_SECOND) as Instant };
    },
  };
}

/** A token that was found good, and the moment from which it is not. */
interface VerifiedToken {
  readonly caller: Caller;
  readonly expiresAt: number;
}

async function readToken(
  token: string,
  key: KeyObject,
  now: Instant,
): Promise<VerifiedToken | { readonly problem: string }> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      issuer: ISSUER,
      audience: ISSUER,
      requiredClaims: ["sub", "exp"],
      currentDate: new Date(now / 1000),
    });
    const { sub, exp } = payload as { sub: string; exp: number };
    return { caller: { type: "reader", account: sub }, expiresAt: exp * MICROS_PER_SECOND };
  } catch (error) {
    const isExpired = (error as { code?: string }).code === "ERR_JWT_EXPIRED";
    return {
      problem: isExpired
        ? `The account token has expired (it is ${formatInstant(now)}). Ask for a new one.`
        : "The account token is not valid: it was not signed by this server, or has been changed.",
    };
  }
}

/** Keeps a map bounded by letting go of what was put in first. */
function remember<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name);
  const [oldest] = map.size < CACHE_MAX ? [] : map.keys();
  if (oldest !== undefined) map.delete(oldest);
  map.set(name, value);
}

/** SHA-256. What is remembered is remembered by it, so that no credential stays in memory. */
function digest(credential: string): Buffer {
  return hash("sha256", credential, "buffer");
}
