import { type DatabaseFlags, print, requireDatabase, withCredits } from "./open.js";

/** Checks a database or one account, prints what it checked and how much, and fails when a line is wrong. */
export async function runVerify(flags: DatabaseFlags & { account?: string }): Promise<void> {
  await requireDatabase(flags);
  await withCredits(flags, async (credits) => {
    const started = Date.now();
    const result = await credits.verify(flags.account === undefined ? {} : { account: flags.account });
    if (flags.account !== undefined && result.accounts === 0) {
      print(`There is no account "${flags.account}"; nothing was checked.`);
      process.exitCode = 1;
      return;
    }
    const wrong = new Map(result.violations.map((violation) => [violation.check, violation]));
    for (const check of result.checks) {
      const violation = wrong.get(check);
      print(`${violation === undefined ? "ok   " : "WRONG"} ${check}`);
      if (violation !== undefined) {
        const where = violation.account === "" ? "" : `account "${violation.account}", `;
        print(`      ${where}${violation.line}: ${violation.problem}`);
      }
    }
    const counted = [
      [result.accounts, "account", "accounts"],
      [result.entries, "entry", "entries"],
      [result.grants, "grant", "grants"],
      [result.rows, "activity row", "activity rows"],
    ]
      .map(([count, one, more]) => `${count?.toLocaleString("en")} ${count === 1 ? one : more}`)
      .join(", ");
    print(`Checked ${counted} in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
    if (result.violations.length > 0) {
      print(`${result.violations.length} of ${result.checks.length} checks failed.`);
      process.exitCode = 1;
    }
  });
}
