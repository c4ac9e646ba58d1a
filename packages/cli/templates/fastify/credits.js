import { existsSync } from "node:fs";
import { lazyLedger } from "@credit-activity/server";
import { toNodeHandler } from "@credit-activity/server/node";

// Variables that are set already stay as they are.
if (existsSync(".env")) process.loadEnvFile();
const url = process.env.CREDITS_DATABASE_URL;

/** Returns the ledger of this process: on PostgreSQL, or on the embedded database in a directory. */
export const getLedger = lazyLedger({
  database: url ? { url } : { dataDir: ".credits" },
  basePath: "/api/credits",
});

/** Returns the account of the user who is signed in. Replace it with what your session says. */
export async function getAccount(_request /*: import("fastify").FastifyRequest */) {
  const ledger = await getLedger();
  await ledger.putAccount("demo", { name: "Demo" });
  await ledger.grant("demo", { kind: "bonus", credits: "100" }, { key: "welcome-demo" });
  return "demo";
}

/** The API of the ledger, and the token with which a page reads the account of its user. */
export async function credits(app /*: import("fastify").FastifyInstance */) {
  const handle = toNodeHandler(getLedger);
  app.post("/token", async (request) => {
    const ledger = await getLedger();
    return ledger.createToken(await getAccount(request));
  });
  // The ledger reads the bodies itself.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _body, done) => done(null));
  app.all("/*", (request, reply) => {
    reply.hijack();
    return handle(request.raw, reply.raw);
  });
}
