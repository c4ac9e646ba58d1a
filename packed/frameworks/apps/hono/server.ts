import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";

// import

const app = new Hono();
// mount
app.post("/api/work", async (c) => {
  const ledger = await getLedger();
  const { entry } = await ledger.spend(await getAccount(c.req.raw), { credits: "5", description: "Report" });
  return c.json({ balance: entry?.balance });
});
app.get("/credits", serveStatic({ path: "dist/index.html" }));
app.use("/*", serveStatic({ root: "dist" }));
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: "127.0.0.1" });
