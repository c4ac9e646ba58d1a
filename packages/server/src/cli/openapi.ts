import { writeFile } from "node:fs/promises";
import { createCredits } from "../create-credits.js";

/** The committed copy of the OpenAPI document; `npm run openapi` writes it. */
const COPY = new URL("../../openapi.json", import.meta.url);

const credits = await createCredits({ database: {} });
const response = await credits.fetch(new Request("http://localhost/openapi.json"));
await writeFile(COPY, `${JSON.stringify(await response.json(), null, 2)}\n`);
await credits.close();
