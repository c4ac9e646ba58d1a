import express from "express";

// import

const app = express();
app.use(express.json());
// mount
app.post("/api/work", async (request, response) => {
  const ledger = await getLedger();
  const { entry } = await ledger.spend(await getAccount(request), { credits: "5", description: "Report" });
  response.json({ balance: entry?.balance });
});
app.use(express.static("dist"));
app.get("/credits", (_request, response) => response.sendFile("dist/index.html", { root: "." }));
app.listen(Number(process.env.PORT), "127.0.0.1");
