import { writeSync } from "node:fs";
import type { Reporter, SerializedError, TestModule, Vitest } from "vitest/node";

/** The counts of a test run. */
export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * A Vitest reporter whose only output is the run's last line, "N passed, N failed, N skipped", over all projects.
 *
 * Each of these counts as one failed test, because it keeps tests from counting: a file that cannot be loaded, a suite
 * whose hooks throw, an error outside any test, a test that never ended. A run that ends with another exit code than 0
 * for any other reason counts one failure, such as a run without tests or a server that does not stop.
 */
export default class TotalsReporter implements Reporter {
  private totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  private watching = false;

  onInit(vitest: Vitest): void {
    this.watching = vitest.config.watch;
    // Other reporters and the teardown may print after the tests have ended. The exit of the process is the very end.
    if (!this.watching) process.once("exit", (code) => print(withExitCode(this.totals, code)));
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<SerializedError>): void {
    this.totals = count(modules, errors);
    if (this.watching) print(this.totals);
  }
}

function count(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<SerializedError>): Totals {
  const totals: Totals = { passed: 0, failed: errors.length, skipped: 0 };
  for (const module of modules) {
    const failed_before = totals.failed;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      totals[state === "pending" ? "failed" : state] += 1;
    }
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) totals.failed += 1;
    if (module.errors().length > 0) totals.failed += 1;
    if (module.state() === "failed" && totals.failed === failed_before) totals.failed += 1;
  }
  return totals;
}

function withExitCode(totals: Totals, code: number): Totals {
  return code !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

function print({ passed, failed, skipped }: Totals): void {
  writeSync(1, `${passed} passed, ${failed} failed, ${skipped} skipped\n`);
}
