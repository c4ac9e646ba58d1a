import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createHostileDatabase } from "../../../tools/hostile-database.js";
import type { Database } from "../../../tools/postgres.js";
import { run, serve } from "./command.js";

let database: Database;
beforeAll(async () => {
  database = await createHostileDatabase("keys");
});
afterAll(() => database.drop());

it("keys are created, shown once, listed, accepted and revoked", async () => {
  const env = { DATABASE_URL: database.url };
  const created = await run(["keys", "create", "--name", "billing server"], env);
  expect(created.code).toBe(0);
  const key = created.stdout.trim();
  expect(key).toMatch(/^ca_secret_[\w-]{43}$/);
  const id = /key_[\w-]+/.exec(created.stderr)?.[0] as string;
  expect(created.stderr).toMatch(/can't be shown again/);

  const listed = await run(["keys", "list"], env);
  expect(listed.stdout).toContain(id);
  expect(listed.stdout).toMatch(/in use {2}billing server$/m);
  expect(listed.stdout).toContain(`…${key.slice(-4)}`);
  expect(listed.stdout).not.toContain(key);

  const server = await serve([], env);
  const read = () =>
    fetch(`${server.address}/v1/accounts/nobody`, { headers: { authorization: `Bearer ${key}` } });
  expect((await read()).status).toBe(404);
  await server.stop();

  const client = new Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query("SELECT * FROM credits.api_keys");
  await client.end();
  expect(JSON.stringify(rows)).not.toContain(key);

  expect(await run(["keys", "revoke", id], env)).toMatchObject({ code: 0, stdout: `Revoked ${id}.\n` });
  expect((await run(["keys", "list"], env)).stdout).toMatch(/revoked \d{4}-\d\d-\d\d {2}billing server$/m);
  const after = await serve([], env);
  const refused = await fetch(`${after.address}/v1/accounts/nobody`, {
    headers: { authorization: `Bearer ${key}` },
  });
  expect(refused.status).toBe(401);
  await after.stop();

  const unknown = await run(["keys", "revoke", "key_nothing"], env);
  expect(unknown).toMatchObject({ code: 1, stdout: "" });
  expect(unknown.stderr).toMatch(/^error: There is no key "key_nothing"/);
});
