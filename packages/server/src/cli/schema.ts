import { writeFile } from "node:fs/promises";
import { migrate } from "../db/migrations.js";
import { openDatabase } from "../db/open.js";
import { readSchema, SCHEMA_FILE } from "../verify/schema.js";

/** Writes the definitions that `verify` compares a schema with. `npm run schema` runs it after a new migration. */
const database = await openDatabase({}, () => {});
await migrate(database);
await writeFile(SCHEMA_FILE, `${JSON.stringify(await readSchema(database), null, 2)}\n`);
await database.close();
