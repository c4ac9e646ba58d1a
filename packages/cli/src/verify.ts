import type { Verification, Violation } from "@credit-activity/server";
import { type DatabaseFlags, print, requireDatabase, withLedger } from "./open.js";

/** Checks a database or one account, and prints each check. The exit code is 1 if a record is wrong. */
export async function runVerify(flags: DatabaseFlags & { account?: string }): Promise<void> {
  await requireDatabase(flags);
  await withLedger(flags, async (ledger) => {
    const startedMs = Date.now();
    const { account } = flags;
    const result = await ledger.verify(account === undefined ? {} : { account });
    if (account !== undefined && result.accounts === 0) {
      print(`The account "${account}" does not exist, so nothing was checked. Check its id.`);
      process.exitCode = 1;
      return;
    }
    const violations = new Map(result.violations.map((violation) => [violation.check, violation]));
    for (const check of result.checks) printCheck(check, violations.get(check));
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    print(`Checked ${formatCounts(result)} in ${seconds} s.`);
    if (result.anonymized > 0) print(`${result.anonymized.toLocaleString("en")} entries are anonymized.`);
    if (result.erasing > 0)
      print(
        `${result.erasing.toLocaleString("en")} accounts are not erased yet. A running server goes on with them.`,
      );
    if (result.violations.length > 0) {
      print(`${result.violations.length} of ${result.checks.length} checks failed.`);
      process.exitCode = 1;
    }
  });
}

function printCheck(check: string, violation: Violation | undefined): void {
  print(`${violation === undefined ? "ok   " : "WRONG"} ${check}`);
  if (violation === undefined) return;
  const { account, record, problem } = violation;
  print(`      ${account === "" ? "" : `account "${account}", `}${record}: ${problem}`);
}

function formatCounts({ accounts, entries, grants, rows }: Verification): string {
  const counts: [count: number, one: string, other: string][] = [
    [accounts, "account", "accounts"],
    [entries, "entry", "entries"],
    [grants, "grant", "grants"],
    [rows, "activity row", "activity rows"],
  ];
  return counts
    .map(([count, one, other]) => `${count.toLocaleString("en")} ${count === 1 ? one : other}`)
    .join(", ");
}
