import { readFile, writeFile } from "node:fs/promises";
import { generateApiTypes } from "./generate.js";

const DOCUMENT = new URL("../../../packages/server/openapi.json", import.meta.url);
const TYPES = new URL("../../../packages/client/src/api.ts", import.meta.url);

await writeFile(TYPES, await generateApiTypes(await readFile(DOCUMENT, "utf8")));
