import path from "node:path";
import files from "@fastify/static";
import fastify from "fastify";

// import

const app = fastify();
// mount
app.post("/api/work", async (request) => {
  const ledger = await getLedger();
  const { entry } = await ledger.spend(await getAccount(request), { credits: "5", description: "Report" });
  return { balance: entry.balance };
});
app.register(files, { root: path.resolve("dist") });
app.get("/credits", (_request, reply) => reply.sendFile("index.html"));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
