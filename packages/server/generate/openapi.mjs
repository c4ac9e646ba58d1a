import { writeFile } from "node:fs/promises";
import { createLedger } from "../dist/index.js";

/** Writes the committed copy of the OpenAPI document. */

const ledger = await createLedger({ database: { memory: true } });
const response = await ledger.fetch(new Request("http://localhost/openapi.json"));
await writeFile(
  new URL("../openapi.json", import.meta.url),
  `${JSON.stringify(await response.json(), null, 2)}\n`,
);
await ledger.close();
