import { readFile } from "node:fs/promises";
import { LedgerError } from "@credit-activity/client";
import { NewerSchemaError } from "@credit-activity/server";
import { Command, Option } from "commander";
import { FIELDS } from "./import/mapping.js";
import { runImport } from "./import/run.js";
import { init } from "./init/init.js";
import { createKey, listKeys, revokeKey } from "./keys.js";
import { CommandError, print, toDatabase, withLedger } from "./open.js";
import { serve } from "./serve.js";
import { runVerify } from "./verify.js";

const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("credit-activity")
  .description(
    "A credit ledger on Postgres. Without a database URL it uses the embedded database in a directory.",
  )
  .version(version);

/** Adds a command that opens a database. */
function addCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .addOption(new Option("--database-url <url>", "PostgreSQL, 15 or newer (or DATABASE_URL)"))
    .addOption(
      new Option("--data-dir <path>", "directory of the embedded database (or DATA_DIR; default .data)"),
    );
}

addCommand(program, "serve", "serve the API and its reference")
  .option("--port <number>", "port (or PORT; default 3000)")
  .option("--host <address>", "address to listen on (or HOST; default 127.0.0.1)")
  .option(
    "--clock-offset-max <seconds>",
    "difference to the database's clock beyond which no command is taken (or CLOCK_OFFSET_MAX; default 60)",
  )
  .option(
    "--trusted-proxies <number>",
    "proxies in front that append to X-Forwarded-For (or TRUSTED_PROXIES; default 0)",
  )
  .action(serve);

addCommand(program, "migrate", "bring the database's schema up to date").action(async (flags) => {
  await withLedger(flags, async (ledger) => {
    const subject = "url" in toDatabase(flags) ? "The PostgreSQL database" : "The embedded database";
    print(`${subject} is up to date (${ledger.engine}).`);
  });
});

addCommand(program, "verify", "check the invariants on every entry, grant and row")
  .option("--account <id>", "check one account only")
  .action(runVerify);

addCommand(program, "import <file>", "post usage from a CSV or NDJSON file")
  .option("--account <id>", "account of the usage; created if it does not exist")
  .option("--map <field=column,...>", `columns of the fields: ${FIELDS.join(", ")}`)
  .option("--kind <kind>", "kind of the usage, for lines without one", "ai_usage")
  .option("--source <label>", "source, for lines without one")
  .option("--source-type <type>", "type of the source", "model")
  .option("--project <id>", "project, for lines without one")
  .option("--description <text>", "description, for lines without one")
  .option("--input-rate <credits>", "credits per 1,000 input tokens")
  .option("--output-rate <credits>", "credits per 1,000 output tokens")
  .option(
    "--batch <name>",
    "batch of the file, such as its month; without an id column, equal lines in two files of a batch count once",
  )
  .option("--format <format>", "csv or ndjson; default: the extension of the file")
  .option("--skip-bad-lines", "report lines that can't be read, and go on", false)
  .option("--url <address>", "server to post to, instead of a database (or CREDITS_URL)")
  .option("--key <secret>", "secret key of the server (or CREDITS_SECRET_KEY)")
  .action(runImport);

program
  .command("init")
  .description(
    "write the ledger, its route and its page into an app of Next.js, React Router, Express, Hono or Fastify",
  )
  .action(init);

const keys = program.command("keys").description("create, list and revoke secret keys");
addCommand(keys, "create", "create a secret key; it is shown once")
  .requiredOption("--name <name>", "purpose of the key")
  .action(createKey);
addCommand(keys, "list", "list the keys").action(listKeys);
addCommand(keys, "revoke <id>", "revoke a key").action(revokeKey);

/** Errors whose messages are for the operator. */
const EXPECTED = [CommandError, LedgerError, NewerSchemaError];

try {
  await program.parseAsync();
} catch (error) {
  const isExpected = EXPECTED.some((kind) => error instanceof kind) || isSystemError(error);
  process.stderr.write(
    `${isExpected ? `error: ${toMessage(error)}` : String((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
}

// An embedded database that was left on a full disk would keep the process alive for ten seconds. The output comes first.
process.stdout.write("", () => process.stderr.write("", () => process.exit()));

/** True if the error is one of the network, the file system or the database server. Those have codes. */
function isSystemError(error: unknown): boolean {
  return typeof (error as { code?: unknown }).code === "string";
}

/** Returns the message of an error. An `AggregateError` of several addresses has none itself. */
function toMessage(error: unknown): string {
  const { message, errors } = error as Error & { errors?: Error[] };
  return message !== "" ? message : (errors?.map((one) => one.message).join("; ") ?? "unknown");
}
