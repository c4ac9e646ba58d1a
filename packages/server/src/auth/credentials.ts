import { createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { formatInstant, type Instant, MICROS_PER_SECOND } from "../core/instant.js";
import { createAttempts } from "./attempts.js";
import { createKeyLookup, type ReadValidKeys } from "./key-lookup.js";
import { toDigest } from "./keys.js";

/** A caller: the integrator with a secret key, or an end user with a token for one account. */
export type Caller = { readonly type: "secret" } | { readonly type: "reader"; readonly account: string };

/** A read-only token for one account. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Instant;
}

/** The problem with a credential, and its code. */
export interface CredentialProblem {
  readonly problem: string;
  readonly code: "unauthorized" | "too_many_attempts";
}

/** Identifies callers and issues tokens. */
export interface Credentials {
  /**
   * Returns the caller of a bearer credential, or the problem with it.
   *
   * @param address the address whose wrong keys are limited; null to limit none
   */
  identify(credential: string, address: string | null): Promise<Caller | CredentialProblem>;
  /** Issues a token that reads one account and nothing else. */
  issue(account: string, seconds: number): Promise<IssuedToken>;
}

export interface CredentialsOptions {
  /** The secret that account tokens are signed with (HMAC-SHA-256); the same on all servers of a database. */
  readonly tokenSecret: Uint8Array;
  /** Secret keys that are accepted besides those in the database. */
  readonly secretKeys: readonly string[];
  readonly readValidKeys: ReadValidKeys;
  readonly now: () => Instant;
}

const ISSUER = "credit-activity";

/** The longest lifetime of an account token, and its default. */
export const TOKEN_SECONDS_MAX = 24 * 3600;
export const TOKEN_SECONDS_DEFAULT = 3600;

/** The time for which the database's verdict on a key is cached, and so the latest that a revocation takes effect. */
const KEY_CACHE_MS = 5_000;

/** The number of cached verdicts. Invalid keys have a cache apart, so that a flood of them evicts no valid one. */
const CACHE_MAX = 10_000;

/** Stands for a key that is not looked up, because its address has sent too many wrong ones. */
const EXHAUSTED: unique symbol = Symbol("exhausted");

const UNKNOWN = "The secret key is unknown or revoked. Use a key that the command line lists.";
const TOO_MANY = "Too many wrong secret keys came from this address. Send the right key in a second.";

/** Makes the gate that requests pass. Tokens are JSON Web Tokens (RFC 7519) with the account as subject. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const given = options.secretKeys.map(toDigest);
  const tokenKey = createSecretKey(options.tokenSecret);
  const verdicts = { max: CACHE_MAX, ttl: KEY_CACHE_MS, ttlResolution: 0 };
  const valid = new LRUCache<string, true>(verdicts);
  const invalid = new LRUCache<string, true>(verdicts);
  /** The keys that have been valid. */
  const proven = new LRUCache<string, true>({ max: CACHE_MAX });
  const pending = new Map<string, Promise<boolean>>();
  const lookUp = createKeyLookup(options.readValidKeys);
  const attempts = createAttempts();
  const tokens = new LRUCache<string, VerifiedToken>({ max: CACHE_MAX });

  /** Asks the database. The verdict is as old as the question, because the key may be revoked right after it. */
  async function check(name: string, address: string | null): Promise<boolean> {
    const start = performance.now();
    const isValid = await lookUp(name);
    (isValid ? valid : invalid).set(name, true, { start });
    if (isValid) proven.set(name, true);
    else if (address !== null) attempts.fail(address);
    return isValid;
  }

  /** Asks the database once, however many requests wait for the verdict. */
  function isSecret(name: string, address: string | null): boolean | Promise<boolean> | typeof EXHAUSTED {
    if (valid.has(name)) return true;
    if (invalid.has(name)) return false;
    const known = pending.get(name);
    if (known !== undefined) return known;
    // A flood from an address must not keep out a key that has been valid.
    if (address !== null && !proven.has(name) && attempts.isExhausted(address)) return EXHAUSTED;
    const checking = check(name, address).finally(() => pending.delete(name));
    pending.set(name, checking);
    return checking;
  }

  /** Returns the reader of a token. Its signature is verified once; its expiry is checked each time. */
  async function toReader(token: string, name: string): Promise<Caller | CredentialProblem> {
    const known = tokens.get(name);
    if (known !== undefined && options.now() < known.expiresAt) return known.caller;
    const verified = await verifyToken(token, tokenKey, options.now());
    if ("problem" in verified) return verified;
    tokens.set(name, verified);
    return verified.caller;
  }

  return {
    async identify(credential, address) {
      const digest = toDigest(credential);
      // These come first, because a key that the operator chose may look like a token.
      if (given.some((other) => timingSafeEqual(other, digest))) return { type: "secret" };
      // The caches are keyed by the digest, so that no credential stays in the process.
      const name = digest.toString("hex");
      if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(credential)) return toReader(credential, name);
      const verdict = isSecret(name, address);
      if (verdict === EXHAUSTED) return { problem: TOO_MANY, code: "too_many_attempts" };
      if (verdict === true || (await verdict)) return { type: "secret" };
      return { problem: UNKNOWN, code: "unauthorized" };
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

/** A token that was verified, and the instant of its expiry. */
interface VerifiedToken {
  readonly caller: Caller;
  readonly expiresAt: number;
}

async function verifyToken(
  token: string,
  key: KeyObject,
  now: Instant,
): Promise<VerifiedToken | CredentialProblem> {
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
        ? `The account token has expired (it is ${formatInstant(now)}). Request another one.`
        : "The account token is not signed by this server, or was changed. Request another one.",
      code: "unauthorized",
    };
  }
}
