import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSeconds, type Instant } from "../../src/core/instant.js";
import { createEngine, type Engine } from "../../src/engine/engine.js";
import { erase } from "../../src/engine/erase.js";
import { verify } from "../../src/verify/verify.js";
import { toAnonymize, toClose, toGrant, toHold, toRelease, toTouch } from "../commands.js";
import { ENGINES, openTestDatabase, putAccount, type TestDatabase } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const NOW = 1_795_341_900_000_000 as Instant;

describe.each(ENGINES)("an erasure on %s", (name) => {
  let test: TestDatabase;
  let now = NOW;
  const engines: Engine[] = [];

  beforeAll(async () => {
    test = await openTestDatabase(name);
  });

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    await test.drop();
  });

  function serve(): Engine {
    const engine = createEngine({ database: test.database, now: () => now });
    engines.push(engine);
    return engine;
  }

  it("misses no text of credits that expire before it is carried out", async () => {
    const [own, other] = [serve(), serve()];
    await putAccount(test.database, "a", {}, now);
    const source = { type: "person", id: "p-1", label: "Ada from support" };
    const named = { kind: "bonus", title: "For Ada", description: "Ada's credits", source };
    await own.submit(toGrant("a", "g1", "10", { ...named, expiresAt: addSeconds(NOW, 60) }));
    await own.submit(toHold("a", "h", "4", { expiresIn: 3_600 }));
    await own.submit(toGrant("a", "g2", "10", { ...named, expiresAt: addSeconds(NOW, 120) }));
    await own.submit(toClose("a", "c"));
    const { entry } = (await own.submit(toAnonymize("a", "x"))) as unknown as { entry: { seq: number } };
    now = addSeconds(NOW, 90);
    await own.submit(toTouch("a"));
    now = addSeconds(NOW, 150);
    await other.submit(toTouch("a"));
    await other.submit(toRelease("a", "r", "hold-h"));
    await erase(test.database, { account: "a", seq: entry.seq }, now);
    const { entries, grants, rows } = await readAll(test.database, "a");
    expect(entries.filter(({ kind }) => kind === "expiry")).toHaveLength(3);
    expect(entries.at(-1)?.balance).toBe(0n);
    const toText = (value: unknown) =>
      JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}` : one));
    expect(toText([entries, grants, rows])).not.toContain("Ada");
    expect((await verify(test.database, {})).violations).toEqual([]);
  });
});
