import { SignJWT, UnsecuredJWT } from "jose";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createLedger } from "../../src/index.js";
import { ENGINES } from "../databases.js";
import { openLedger, SECRET, type TestLedger } from "./ledger.js";

const NOW = "2026-11-22T10:00:00Z";

describe.each(ENGINES)("access on %s", (engine) => {
  let now = NOW;
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
    const reply = await read(authorization);
    expect([reply.status, reply.body.code], String(authorization)).toEqual([401, "unauthorized"]);
    expect(reply.headers.get("www-authenticate")).toMatch(/^Bearer /);
  }

  it("is refused without a credential, or with one that is not valid", async () => {
    const basic = `Basic ${Buffer.from(`user:${SECRET}`).toString("base64")}`;
    // biome-ignore format: one header after the other
    for (const authorization of [
      null, "", "Bearer", "Bearer ", SECRET, basic, `Basic ${SECRET}`, `Token ${SECRET}`, `Bearer${SECRET}`,
      `Bearer ${SECRET} x`, `Bearer x${SECRET}`, `Bearer ${SECRET.slice(1)}`, `Bearer ${SECRET.toUpperCase()}`,
      "Bearer undefined", "Bearer a.b.c", "Bearer ..", `Bearer ${SECRET}, Bearer ${SECRET}`, `Bearer ${"x".repeat(8000)}`,
    ]) {
      await expectUnauthorized(authorization);
    }
  });

  it("is allowed with a secret key, however the scheme is written", async () => {
    for (const authorization of [`Bearer ${SECRET}`, `bearer ${SECRET}`, `BEARER   ${SECRET}`]) {
      expect((await read(authorization)).status).toBe(200);
    }
  });

  it("ends within five seconds after a secret key was revoked", async () => {
    const { id, key } = await ledger.local.createKey({ name: "test" });
    const clock = vi.spyOn(performance, "now");
    try {
      clock.mockReturnValue(1_000_000);
      expect((await read(`Bearer ${key}`)).status).toBe(200);
      expect(await ledger.local.revokeKey(id)).toBe(true);
      clock.mockReturnValue(1_004_999);
      expect((await read(`Bearer ${key}`)).status).toBe(200);
      clock.mockReturnValue(1_005_001);
      await expectUnauthorized(`Bearer ${key}`);
    } finally {
      clock.mockRestore();
    }
    expect(await ledger.local.revokeKey("key_nothing")).toBe(false);
    expect(await ledger.local.listKeys()).toMatchObject([
      {
        id,
        name: "test",
        createdAt: "2026-11-22T10:00:00.000000Z",
        revokedAt: "2026-11-22T10:00:00.000000Z",
        hint: key.slice(-4),
      },
    ]);
  });

  it("is allowed with a token until it expires, and with no token that this ledger did not sign", async () => {
    const { token, expiresAt } = (
      await ledger.post<{ token: string; expiresAt: string }>(`${path()}/tokens`, { expiresIn: 60 })
    ).body;
    expect(expiresAt).toBe("2026-11-22T10:01:00.000000Z");
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

    now = "2026-11-22T10:00:59Z";
    expect((await read(`Bearer ${token}`)).status).toBe(200);
    now = "2026-11-22T10:01:00Z";
    await expectUnauthorized(`Bearer ${token}`);
    now = NOW;
  });

  it("is open for the documents and the health of the server", async () => {
    for (const open of ["/healthz", "/readyz", "/openapi.json"]) {
      expect((await ledger.get(open, { authorization: null })).status, open).toBe(200);
    }
  });
});

it("a configured secret key may look like a token, and a token of another database is refused", async () => {
  const [one, other] = await Promise.all(
    ["one.two.three-of-the-tests", "another-of-the-tests"].map((key) =>
      createLedger({ database: { memory: true }, secretKeys: [key] }),
    ),
  );
  await one?.putAccount("a");
  await other?.putAccount("a");
  const toStatus = async (credential: string | undefined) => {
    const headers = { authorization: `Bearer ${credential}` };
    return (await one?.fetch(new Request("http://x/v1/accounts/a", { headers })))?.status;
  };
  expect(await toStatus("one.two.three-of-the-tests")).toBe(200);
  expect(await toStatus((await one?.createToken("a"))?.token)).toBe(200);
  expect(await toStatus((await other?.createToken("a"))?.token)).toBe(401);
  await one?.close();
  await other?.close();
});

/** Reads the secret that the servers of a database share. */
async function readSecret(url: string): Promise<Uint8Array> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ value: Uint8Array }>("SELECT value FROM credits.secrets");
  await client.end();
  return rows[0]?.value as Uint8Array;
}

it("a token that is signed with the right secret is refused if one of its claims is wrong", async () => {
  const ledger = await openLedger({ engine: "postgres", now: () => NOW });
  const account = await ledger.account("1");
  const secret = await readSecret(ledger.url as string);
  const [iat, name] = [Date.parse(NOW) / 1000, "credit-activity"];
  const claims = { iss: name, aud: name, sub: account, iat, exp: iat + 60 };
  const statusWith = async (changed: object, alg = "HS256") => {
    const token = await new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg }).sign(secret);
    return (await ledger.get(`/v1/accounts/${account}`, { authorization: `Bearer ${token}` })).status;
  };
  expect(await statusWith({})).toBe(200);
  expect(await statusWith({}, "HS512")).toBe(401);
  // biome-ignore format: one claim after the other
  for (const changed of [
    { exp: undefined }, { exp: iat }, { sub: undefined }, { iss: "other" }, { iss: undefined }, { aud: "other" },
    { aud: undefined }, { nbf: iat + 30 },
  ]) {
    expect(await statusWith(changed), JSON.stringify(changed)).toBe(401);
  }
  expect(await statusWith({ sub: "other" })).toBe(403);
  await ledger.drop();
});

it("a server accepts the tokens of another server on the same database", async () => {
  const ledger = await openLedger({ engine: "postgres", now: () => NOW });
  const second = await createLedger({ database: { url: ledger.url as string }, now: () => NOW });
  const account = await ledger.account("1");
  const { token } = await second.createToken(account);
  expect((await ledger.get(`/v1/accounts/${account}`, { authorization: `Bearer ${token}` })).status).toBe(
    200,
  );
  await second.close();
  await ledger.drop();
});
