import { createServer } from "node:http";
import { createCredits, credits, formatCredits, RefusedError } from "@credit-activity/server";
import { getRequestListener } from "@hono/node-server";

const ledger = await createCredits({ database: { dataDir: ".data/quickstart" } });

// Once, when a customer signs up and pays. The keys make it safe to run this again.
await ledger.putAccount("acme", { name: "Acme Inc." });
await ledger.grant("acme", { kind: "purchase", credits: credits("10") }, { key: "order-4821" });

// Around every AI call: set credits aside, make the call, settle what it really took.
const { hold } = await ledger.hold("acme", {
  credits: credits("2"),
  source: { type: "model", label: "Code model" },
});
const answer = { text: "Hello!", cost: "0.75" };
const { entry } = await ledger.settle("acme", hold.hold, {
  credits: credits(answer.cost),
  description: "Greeting",
});
console.log(`It took ${answer.cost} credits; ${formatCredits(entry.balance)} remain.`);

// Or in one step. What the balance does not cover is refused, however many calls arrive at once.
await ledger.spend("acme", { credits: credits("1000") }).catch((error) => {
  if (error instanceof RefusedError && error.code === "insufficient_credits") console.log(error.message);
  else throw error;
});

// The API the page reads, on a server of your own, and a token for your user's browser.
createServer(getRequestListener(ledger.fetch)).listen(4000, "127.0.0.1");
const { token } = await ledger.createToken("acme");
console.log(`curl -H "Authorization: Bearer ${token}" http://127.0.0.1:4000/v1/accounts/acme/activity`);
