import { print } from "../open.js";

/** The number of refusals and of bad lines that are printed. The rest are only counted. */
const PRINTED_MAX = 20;

/** The numbers of lines by outcome. */
export interface Counts {
  lines: number;
  posted: number;
  duplicate: number;
  refused: number;
  bad: number;
  /** Lines that did not reach the next micro-credit. Later lines charge what they left. */
  carried: number;
}

/** Counts what an import does, and prints it. */
export class Report {
  readonly counts: Counts = { lines: 0, posted: 0, duplicate: 0, refused: 0, bad: 0, carried: 0 };
  readonly #startedMs = Date.now();
  readonly #isTerminal = process.stderr.isTTY;

  /** Counts a refused or bad line, and prints its message unless there were many. */
  addFault(outcome: "refused" | "bad", message: string): void {
    this.counts[outcome]++;
    if (this.counts[outcome] > PRINTED_MAX) return;
    this.#clearProgress();
    process.stderr.write(`${message}\n`);
    if (this.counts[outcome] === PRINTED_MAX) process.stderr.write("further ones are only counted\n");
  }

  /** Shows the progress on a terminal. */
  showProgress(): void {
    if (!this.#isTerminal) return;
    const { lines } = this.counts;
    const rate = Math.round(lines / Math.max(this.#seconds(), 0.001));
    process.stderr.write(
      `\r${lines.toLocaleString("en")} lines, ${rate.toLocaleString("en")} per second\u001b[K`,
    );
  }

  /** Prints the counts. */
  printSummary(): void {
    this.#clearProgress();
    const { lines, posted, duplicate, refused, bad, carried } = this.counts;
    const format = (count: number) => count.toLocaleString("en");
    print(
      `${format(lines)} lines: ${format(posted)} posted, ${format(duplicate)} there already, ${format(refused)} refused, ${format(bad)} bad${carried === 0 ? "" : `, ${format(carried)} below a micro-credit and carried on`}, in ${this.#seconds().toFixed(1)} s.`,
    );
  }

  #clearProgress(): void {
    if (this.#isTerminal) process.stderr.write("\r\u001b[K");
  }

  #seconds(): number {
    return (Date.now() - this.#startedMs) / 1000;
  }
}
