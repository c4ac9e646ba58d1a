import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { query } from "../../../../tools/postgres.js";
import { createLedger, type LocalLedger } from "../../src/index.js";

const SECRET = "secret-of-the-tests";

describe("a server whose database a newer version has migrated", () => {
  let url: string;
  let drop: () => Promise<void>;
  let ledger: LocalLedger;

  beforeEach(async () => {
    ({ url, drop } = await createHostileDatabase("newer"));
    ledger = await createLedger({ database: { url }, secretKeys: [SECRET] });
    await ledger.putAccount("a");
    await ledger.grant("a", { kind: "bonus", credits: "10" });
  });

  afterEach(async () => {
    await ledger.close();
    await drop();
  });

  const LATER = "INSERT INTO credits.migrations VALUES (9999, '9999_later', now())";

  const reason = expect.stringMatching(/has the migration "9999_later".*newer one/);
  const refused = { code: "unavailable", message: reason };

  async function call(method: string, path: string, body?: object): Promise<[number, unknown]> {
    const response = await ledger.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    return [response.status, ((await response.json()) as { detail?: string }).detail];
  }

  it("writes nothing, states why, and reads", async () => {
    await query(url, LATER);
    // The first command finds out by itself, before the server looks again.
    await expect(ledger.spend("a", { credits: "1" })).rejects.toMatchObject(refused);
    await expect(ledger.putAccount("b")).rejects.toMatchObject(refused);
    await expect(ledger.createKey({ name: "key" })).rejects.toMatchObject(refused);
    await expect(ledger.sweep()).rejects.toMatchObject(refused);
    expect(await call("POST", "/v1/accounts/a/spend", { credits: "1" })).toEqual([503, reason]);
    expect(await call("GET", "/readyz")).toEqual([503, reason]);
    expect((await ledger.getAccount("a")).balance).toBe("10");
    await query(url, "DELETE FROM credits.migrations WHERE id = 9999");
    expect((await call("GET", "/readyz"))[0]).toBe(200);
    expect((await ledger.spend("a", { credits: "1" })).entry.balance).toBe("9");
  });

  it.each([
    ["renamed a column", "ALTER TABLE credits.accounts RENAME COLUMN balance TO total"],
    ["moved a table", "ALTER TABLE credits.accounts RENAME TO holders"],
    ["constrained a column", "ALTER TABLE credits.entries ADD CHECK (kind <> 'ai_usage')"],
  ])("responds with 503 and the reason where the newer version has %s", async (_name, change) => {
    await query(url, `${LATER}; ${change}`);
    expect(await call("POST", "/v1/accounts/a/spend", { credits: "1" })).toEqual([503, reason]);
    const [status, detail] = await call("GET", "/v1/accounts/a");
    if (status !== 200) expect([status, detail]).toEqual([503, reason]);
  });
});
