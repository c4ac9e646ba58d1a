import { writeFile } from "node:fs/promises";
import { createLedger } from "../ledger.js";

/** The committed copy of the OpenAPI document. `npm run openapi` writes it. */
const COPY = new URL("../../openapi.json", import.meta.url);

const ledger = await createLedger({ database: {} });
const response = await ledger.fetch(new Request("http://localhost/openapi.json"));
await writeFile(COPY, `${JSON.stringify(await response.json(), null, 2)}\n`);
await ledger.close();
