import { createServer } from "node:http";
import { createLedger, InsufficientCreditsError } from "@credit-activity/server";
import { getRequestListener } from "@hono/node-server";

const ledger = await createLedger({ database: { dataDir: ".data/quickstart" } });

// When a customer signs up and pays. The key makes it safe to run this again.
await ledger.putAccount("acme", { name: "Acme Inc." });
await ledger.grant("acme", { kind: "purchase", credits: "10" }, { key: "order-4821" });

// Around every AI call: set credits aside, make the call, and settle its cost.
const { hold } = await ledger.hold("acme", {
  credits: "2",
  source: { type: "model", label: "Code model" },
});
const reply = { content: "Hello!", cost: "0.75" };
const { entry } = await ledger.settle("acme", hold.id, { credits: reply.cost, description: "Greeting" });
console.log(`The call took ${reply.cost} credits. ${entry?.balance} remain.`);

// Or in one step. The ledger refuses what the balance does not cover, however many calls arrive at once.
try {
  await ledger.spend("acme", { credits: "1000" });
} catch (error) {
  if (!(error instanceof InsufficientCreditsError)) throw error;
  console.log(`The account has ${error.facts.available} credits, less than ${error.facts.required}.`);
}

// The API that the page reads, on your server, and a token for your user's browser.
createServer(getRequestListener(ledger.fetch)).listen(4000, "127.0.0.1");
const { token } = await ledger.createToken("acme");
console.log(`curl -H "Authorization: Bearer ${token}" http://127.0.0.1:4000/v1/accounts/acme/activity`);
