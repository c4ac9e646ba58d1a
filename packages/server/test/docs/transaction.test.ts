import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";

const EXAMPLE = fileURLToPath(new URL("../../../../docs/examples/transaction.mjs", import.meta.url));
const PAGE = fileURLToPath(new URL("../../../../docs/database.md", import.meta.url));

it("runs the example of a transaction, which the page shows", async () => {
  const { url, drop } = await createHostileDatabase("example");
  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE], {
    env: { ...process.env, DATABASE_URL: url },
  });
  expect(stdout).toBe(
    [
      "The first export leaves 6 credits.",
      "The second one is refused: 6 of 400 credits.",
      "Stored: january.csv.",
      "",
    ].join("\n"),
  );
  await drop();
  expect(readFileSync(PAGE, "utf8")).toContain(readFileSync(EXAMPLE, "utf8"));
});
