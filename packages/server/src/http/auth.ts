import { createHash, timingSafeEqual } from "node:crypto";
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

/** For how long a key that was found good is not looked up again: how late a revocation can take effect. */
const KEY_CACHE_MS = 5_000;

/** How many good keys are remembered. */
const KEY_CACHE_MAX = 1_000;

/** Makes the gate that requests pass. Tokens are JSON Web Tokens (RFC 7519) with the account as subject. */
export function createAuth(options: AuthOptions): Auth {
  const given = options.secretKeys.map(digest);
  const goodUntil = new Map<string, number>();

  async function isSecret(hash: Buffer): Promise<boolean> {
    const name = hash.toString("hex");
    if ((goodUntil.get(name) ?? 0) > Date.now()) return true;
    if (!(await options.isKnownKey(hash))) return false;
    if (goodUntil.size >= KEY_CACHE_MAX) goodUntil.clear();
    goodUntil.set(name, Date.now() + KEY_CACHE_MS);
    return true;
  }

  return {
    async identify(credential) {
      const hash = digest(credential);
      // These come first: a key that the operator chose may look like a token.
      if (given.some((other) => timingSafeEqual(other, hash))) return { type: "secret" };
      if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(credential)) return readToken(credential, options);
      if (await isSecret(hash)) return { type: "secret" };
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
        .sign(options.tokenSecret);
      return { token, expiresAt: ((now + seconds) * MICROS_PER_SECOND) as Instant };
    },
  };
}

async function readToken(
  token: string,
  { tokenSecret, now }: AuthOptions,
): Promise<Caller | { readonly problem: string }> {
  const currentDate = new Date(now() / 1000);
  try {
    const { payload } = await jwtVerify(token, tokenSecret, {
      algorithms: ["HS256"],
      issuer: ISSUER,
      audience: ISSUER,
      requiredClaims: ["sub", "exp"],
      currentDate,
    });
    return { type: "reader", account: payload.sub as string };
  } catch (error) {
    const isExpired = (error as { code?: string }).code === "ERR_JWT_EXPIRED";
    return {
      problem: isExpired
        ? `The account token has expired (it is ${formatInstant(now())}). Ask for a new one.`
        : "The account token is not valid: it was not signed by this server, or has been changed.",
    };
  }
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
