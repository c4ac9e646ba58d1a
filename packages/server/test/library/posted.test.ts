import { UnavailableError } from "@credit-activity/client";
import { expect, it } from "vitest";
import { createCommandMethods } from "../../src/api/commands.js";
import { createKinds } from "../../src/api/kinds.js";
import { createPresenter } from "../../src/api/present.js";
import type { Engine } from "../../src/engine/engine.js";
import { createEngine } from "../../src/engine/engine.js";
import type { Labels } from "../../src/queries/labels.js";
import { openTestDatabase, putAccount } from "../databases.js";

it("a command that was posted fails with its key when its labels can't be read", async () => {
  const test = await openTestDatabase("pglite");
  const now = () => (Date.now() * 1000) as Parameters<typeof putAccount>[3];
  await putAccount(test.database, "a", {}, now());
  const engine: Engine = createEngine({ database: test.database, now });
  const labels: Labels = {
    read: async () => {
      throw Object.assign(new Error("Connection terminated unexpectedly"), { code: "ECONNRESET" });
    },
    note: () => {},
    evict: () => {},
  };
  const kinds = createKinds({});
  const methods = createCommandMethods({
    database: test.database,
    engine,
    kinds,
    labels,
    presenter: createPresenter(kinds, true),
    now,
  });
  await methods.grant("a", { kind: "purchase", credits: "10" });
  const commands = [
    methods.spend("a", { credits: "1", project: "p" }, { key: "given" }),
    methods.spend("a", { credits: "1", task: "t" }),
    methods.hold("a", { credits: "1", member: "m" }),
  ];
  const errors = await Promise.all(commands.map((command) => command.catch((error: unknown) => error)));
  for (const error of errors) {
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as UnavailableError).key).toMatch(/^given$|^[0-9a-f-]{36}$/);
  }
  await engine.close();
  await test.drop();
});
