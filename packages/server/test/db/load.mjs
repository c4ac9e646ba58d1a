import { randomUUID } from "node:crypto";
import { createLedger, LedgerError } from "@credit-activity/server";

/*
 * A server of many on one database: it opens the ledger and makes a mixed load for some time. It prints what it posted, and
 * the errors that no caller should see. Usage: node load.mjs <url> <name> <milliseconds> <accounts>
 */

const [url, name, durationMs, shared] = process.argv.slice(2);
const errors = [];
const counts = { posted: 0, refused: 0, reads: 0, readyChecks: 0 };
const note = (error) => {
  if (error instanceof LedgerError && error.code === "insufficient_credits") counts.refused += 1;
  else errors.push(`${error.code ?? ""} ${error.message} ${error.cause?.message ?? ""}`);
};

let ledger;
try {
  ledger = await createLedger({
    database: { url },
    logger: {
      warn: (facts, message) => errors.push(`${message} ${facts.err?.message ?? ""}`),
      error: (_, message) => errors.push(message),
    },
  });
} catch (error) {
  note(error);
  process.stdout.write(JSON.stringify({ ...counts, errors }));
  process.exit(0);
}

const accounts = [...shared.split(","), `own-${name}`];
await ledger.putAccount(`own-${name}`).catch(note);
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const options = () => ({ key: randomUUID() });
const posted = async (call) => {
  const result = await call;
  counts.posted += 1;
  return result;
};

const steps = [
  (account) => posted(ledger.grant(account, { kind: "purchase", credits: 5 }, options())),
  (account) => posted(ledger.spend(account, { credits: 0.5, project: { id: "p", label: name } }, options())),
  (account) => posted(ledger.spend(account, { credits: 0.25 }, options())),
  async (account) => {
    const { hold } = await ledger.hold(account, { credits: 1 }, options());
    if (Math.random() < 0.5) await posted(ledger.settle(account, hold.id, { credits: 0.5 }, options()));
    else await ledger.release(account, hold.id, options());
  },
  async () => {
    const events = accounts.map((account) => ({
      id: randomUUID(),
      account,
      kind: "ai_usage",
      credits: 0.01,
    }));
    const { results } = await ledger.usage(events);
    for (const { status, error } of results) {
      if (status === "posted") counts.posted += 1;
      else errors.push(`usage ${status} ${error?.detail}`);
    }
  },
  async (account) => {
    await ledger.getAccount(account);
    await ledger.activity(account);
    await ledger.entries(account, { limit: 20 });
    await ledger.grants(account);
    await ledger.holds(account);
    counts.reads += 5;
  },
  async () => {
    const response = await ledger.fetch(new Request("http://ledger/readyz"));
    counts.readyChecks += 1;
    if (response.status !== 200) errors.push(`readyz ${response.status}: ${await response.text()}`);
  },
  (account) => ledger.putAccount(account, { name: `${name} ${Math.random()}` }),
];

const untilMs = performance.now() + Number(durationMs);
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (performance.now() < untilMs) {
      try {
        await pick(steps)(pick(accounts));
      } catch (error) {
        note(error);
      }
    }
  }),
);
await ledger.close();
process.stdout.write(JSON.stringify({ ...counts, errors }));
