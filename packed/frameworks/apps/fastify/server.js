const path = require("node:path");
const fastify = require("fastify");
// import

const app = fastify();
// mount
app.post("/api/work", async (request) => {
  const ledger = await getLedger();
  const { entry } = await ledger.spend(await getAccount(request), { credits: "5", description: "Report" });
  return { balance: entry.balance };
});
app.register(require("@fastify/static"), { root: path.resolve("dist") });
app.get("/credits", (_request, reply) => reply.sendFile("index.html"));
app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
