import { Command, Option } from "commander";
import { InvalidInputError } from "../service/inputs.js";
import { RefusedError } from "../service/service.js";
import { DatabaseUnavailableError } from "../store/database.js";
import { NewerSchemaError } from "../store/migrate.js";
import { runImport } from "./import/run.js";
import { createKey, listKeys, revokeKey } from "./keys.js";
import { CommandError, databaseOf, print, withCredits } from "./open.js";
import { serve } from "./serve.js";
import { runVerify } from "./verify.js";

const program = new Command("credit-activity").description(
  "A credit ledger on Postgres. Without a database URL it uses the embedded one in a folder.",
);

/** A command that works on a database. */
function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("--database-url <url>", "PostgreSQL, 15 or newer (or DATABASE_URL)"))
    .addOption(
      new Option("--data-dir <folder>", "folder of the embedded database (or DATA_DIR; default .data)"),
    );
}

command("serve", "serve the API and the reference")
  .option("--port <number>", "port (or PORT; default 3000)")
  .option("--host <address>", "address to listen on (or HOST; default 127.0.0.1)")
  .action(serve);

command("migrate", "bring the database's schema up to date").action(async (flags) => {
  await withCredits(flags, async (credits) => {
    const where = "url" in databaseOf(flags) ? "The PostgreSQL database" : "The embedded database";
    print(`${where} is up to date (${credits.engine}).`);
  });
});

command("verify", "check what must always be true of every entry, grant and row")
  .option("--account <id>", "check one account only")
  .action(runVerify);

command("import <file>", "post usage from a CSV or NDJSON file")
  .option("--account <id>", "the account the usage belongs to; made when missing")
  .option(
    "--map <field=column,...>",
    "which columns hold what: time, credits, original_credits, input, output, id, account, kind, source, project, description",
  )
  .option("--kind <kind>", "ai_usage, build_usage or runtime_usage", "ai_usage")
  .option("--source <label>", "what the usage is due to, for lines that do not say")
  .option("--source-type <type>", "what sort of source that is", "model")
  .option("--project <name>", "the project, for lines that do not say")
  .option("--description <text>", "the description, for lines that do not say")
  .option("--input-rate <credits>", "credits per 1,000 input tokens")
  .option("--output-rate <credits>", "credits per 1,000 output tokens")
  .option(
    "--batch <name>",
    "what the file is part of, such as its month: without an id column, equal lines of one batch are the same usage, in whatever file they stand",
  )
  .option("--format <format>", "csv or ndjson; by the file's name when left out")
  .option("--skip-bad-lines", "report lines that can't be read, and go on", false)
  .option("--url <address>", "post to a running server instead of opening the database (or CREDITS_URL)")
  .option("--key <secret>", "the server's secret key (or CREDITS_SECRET_KEY)")
  .action(runImport);

const keys = program.command("keys").description("make, list and revoke secret keys");
for (const [sub, text, run] of [
  ["create", "make a secret key, shown once", createKey],
  ["list", "list the keys", listKeys],
  ["revoke <id>", "revoke a key", revokeKey],
] as const) {
  const made = keys
    .command(sub)
    .description(text)
    .option("--database-url <url>", "PostgreSQL (or DATABASE_URL)")
    .option("--data-dir <folder>", "folder of the embedded database (or DATA_DIR; default .data)");
  if (sub === "create") made.requiredOption("--name <name>", "what the key is for");
  made.action(run);
}

/** Errors that say all there is to say. */
const TOLD = [CommandError, DatabaseUnavailableError, InvalidInputError, RefusedError, NewerSchemaError];

try {
  await program.parseAsync();
} catch (error) {
  const isTold = TOLD.some((kind) => error instanceof kind) || isConnectionError(error);
  process.stderr.write(
    `${isTold ? `error: ${messageOf(error)}` : String((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
}

function isConnectionError(error: unknown): boolean {
  return typeof (error as { code?: unknown }).code === "string";
}

function messageOf(error: unknown): string {
  const { message, errors } = error as Error & { errors?: Error[] };
  return message !== "" ? message : (errors?.map((one) => one.message).join("; ") ?? "unknown");
}
