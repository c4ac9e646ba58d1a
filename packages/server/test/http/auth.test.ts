import { SignJWT, UnsecuredJWT } from "jose";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createCredits } from "../../src/create-credits.js";
import { addSeconds, type Instant, instantFromMillis } from "../../src/ledger/instant.js";
import { ENGINES } from "../databases.js";
import { openLedger, SECRET, type TestLedger } from "./ledger.js";

const NOW = instantFromMillis(Date.UTC(2026, 10, 22, 10));

describe.each(ENGINES)("who may call on %s", (engine) => {
  let now: Instant = NOW;
  let ledger: TestLedger;
  let account: string;
  beforeAll(async () => {
    ledger = await openLedger({ engine, now: () => now });
    account = await ledger.account("10");
  });
  afterAll(() => ledger.drop());

  const path = () => `/v1/accounts/${account}`;
  const read = (authorization: string | null) => ledger.get(path(), { authorization });

  async function expectUnauthorized(authorization: string | null) {
    const answer = await read(authorization);
    expect([answer.status, answer.body.code], String(authorization)).toEqual([401, "unauthorized"]);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer /);
  }

  it("nobody without a credential, or with one that is none", async () => {
    const basic = `Basic ${Buffer.from(`user:${SECRET}`).toString("base64")}`;
    for (const authorization of [
      ...[
        null,
        "",
        "Bearer",
        "Bearer ",
        SECRET,
        basic,
        `Basic ${SECRET}`,
        `Token ${SECRET}`,
        `Bearer${SECRET}`,
      ],
      ...[
        `Bearer ${SECRET} x`,
        `Bearer x${SECRET}`,
        `Bearer ${SECRET.slice(1)}`,
        `Bearer ${SECRET.toUpperCase()}`,
      ],
      ...[
        "Bearer undefined",
        "Bearer a.b.c",
        "Bearer ..",
        `Bearer ${SECRET}, Bearer ${SECRET}`,
        `Bearer ${"x".repeat(8000)}`,
      ],
    ]) {
      await expectUnauthorized(authorization);
    }
  });

  it("whoever has a secret key, however the scheme is written", async () => {
    for (const authorization of [`Bearer ${SECRET}`, `bearer ${SECRET}`, `BEARER   ${SECRET}`]) {
      expect((await read(authorization)).status).toBe(200);
    }
  });

  it("a key from the database until it is revoked, within five seconds", async () => {
    const { id, key } = await ledger.credits.createKey({ name: "test" });
    const clock = vi.spyOn(Date, "now");
    try {
      clock.mockReturnValue(1_000_000);
      expect((await read(`Bearer ${key}`)).status).toBe(200);
      expect(await ledger.credits.revokeKey(id)).toBe(true);
      clock.mockReturnValue(1_004_999);
      expect((await read(`Bearer ${key}`)).status).toBe(200);
      clock.mockReturnValue(1_005_000);
      await expectUnauthorized(`Bearer ${key}`);
    } finally {
      clock.mockRestore();
    }
    expect(await ledger.credits.revokeKey("key_nothing")).toBe(false);
    expect(await ledger.credits.listKeys()).toMatchObject([
      { id, name: "test", revokedAt: now, hint: key.slice(-4) },
    ]);
  });

  it("a token until it expires, and no token that this ledger did not sign", async () => {
    const { token, expires_at } = (
      await ledger.post<{ token: string; expires_at: string }>(`${path()}/tokens`, { expires_in: 60 })
    ).body;
    expect(expires_at).toBe("2026-11-22T10:01:00.000000Z");
    expect((await read(`Bearer ${token}`)).status).toBe(200);

    const [header, payload, signature] = token.split(".") as [string, string, string];
    const claims = { ...JSON.parse(Buffer.from(payload, "base64url").toString()), sub: account };
    const other = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 9999 })).toString("base64url");
    const sign = (secret: Uint8Array, alg = "HS256") =>
      new SignJWT(claims).setProtectedHeader({ alg }).sign(secret);
    const none = new UnsecuredJWT(claims).encode();
    for (const forged of [
      await sign(new Uint8Array(32)),
      await sign(new TextEncoder().encode(SECRET.padEnd(32, "x"))),
      none,
      `${none}x`,
      `${none}${signature}`,
      `${header}.${other}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${header}.${payload}.A`,
      `${header}.${payload}`,
      `${payload}.${payload}.${signature}`,
    ]) {
      await expectUnauthorized(`Bearer ${forged}`);
    }

    now = addSeconds(NOW, 59);
    expect((await read(`Bearer ${token}`)).status).toBe(200);
    now = addSeconds(NOW, 60);
    await expectUnauthorized(`Bearer ${token}`);
    now = NOW;
  });

  it("everybody the documents and the health of the server", async () => {
    for (const open of ["/healthz", "/readyz", "/openapi.json", "/docs"]) {
      expect((await ledger.get(open, { authorization: null })).status, open).toBe(200);
    }
  });
});

it("a secret key that looks like a token passes, when the operator chose it; a token of another database does not", async () => {
  const [one, other] = await Promise.all(
    ["one.two.three", "x"].map((key) => createCredits({ database: {}, secretKeys: [key] })),
  );
  await one?.putAccount("a");
  await other?.putAccount("a");
  const statusOf = async (credential: string | undefined) => {
    const headers = { authorization: `Bearer ${credential}` };
    return (await one?.fetch(new Request("http://x/v1/accounts/a", { headers })))?.status;
  };
  expect(await statusOf("one.two.three")).toBe(200);
  expect(await statusOf((await one?.createToken("a"))?.token)).toBe(200);
  expect(await statusOf((await other?.createToken("a"))?.token)).toBe(401);
  await one?.close();
  await other?.close();
});

/** The secret that the servers of a database share, as the database keeps it. */
async function secretOf(url: string): Promise<Uint8Array> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ value: Uint8Array }>("SELECT value FROM credits.secrets");
  await client.end();
  return rows[0]?.value as Uint8Array;
}

it("even what is signed with the right secret has to be a token in all its parts", async () => {
  const ledger = await openLedger({ engine: "postgres", now: () => NOW });
  const account = await ledger.account("1");
  const secret = await secretOf(ledger.url as string);
  const [iat, name] = [NOW / 1_000_000, "credit-activity"];
  const claims = { iss: name, aud: name, sub: account, iat, exp: iat + 60 };
  const statusWith = async (changed: object, alg = "HS256") => {
    const token = await new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg }).sign(secret);
    return (await ledger.get(`/v1/accounts/${account}`, { authorization: `Bearer ${token}` })).status;
  };
  expect(await statusWith({})).toBe(200);
  expect(await statusWith({}, "HS512")).toBe(401);
  for (const changed of [
    ...[
      { exp: undefined },
      { exp: iat },
      { sub: undefined },
      { iss: "other" },
      { aud: "other" },
      { aud: undefined },
    ],
    ...[{ iss: undefined }, { nbf: iat + 30 }],
  ]) {
    expect(await statusWith(changed), JSON.stringify(changed)).toBe(401);
  }
  expect(await statusWith({ sub: "other" })).toBe(403);
  await ledger.drop();
});

it("a server with its own clock takes the tokens of another server on the same database", async () => {
  const ledger = await openLedger({ engine: "postgres", now: () => NOW });
  const second = await createCredits({ database: { url: ledger.url as string }, now: () => NOW });
  const account = await ledger.account("1");
  const { token } = await second.createToken(account);
  expect((await ledger.get(`/v1/accounts/${account}`, { authorization: `Bearer ${token}` })).status).toBe(
    200,
  );
  await second.close();
  await ledger.drop();
});
