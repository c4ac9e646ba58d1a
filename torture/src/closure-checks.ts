import type { Books } from "./books.js";
import type { Finding } from "./finding.js";
import { hasText } from "./free-text.js";
import type { AccountHistory } from "./history.js";

/** The commands that a closed account takes. */
const FOR_CLOSED: ReadonlySet<string> = new Set(["release", "anonymizeAccount"]);

/** An account is closed once, since the entry that closed it. It takes no command afterwards but those for closed ones. */
export function* checkClosure(history: AccountHistory, { account, entries }: Books): Iterable<Finding> {
  const [closure, again] = entries.filter(({ kind }) => kind === "closure");
  if (again !== undefined) yield { problem: `Entry ${again.seq} closed the account again.`, evidence: again };
  if (account.closedAt !== (closure?.recordedAt ?? null)) {
    const problem = `The account is closed since ${account.closedAt}, and its closure is of ${closure?.recordedAt ?? "no time"}.`;
    yield { problem, evidence: { account, closure } };
  }
  for (const entry of closure === undefined ? [] : entries.slice(closure.seq)) {
    if (entry.key === null || entry.kind === "anonymization" || entry.kind === "closure") continue;
    yield { problem: `Entry ${entry.seq} is of a command after the account was closed.`, evidence: entry };
  }
  const closedMs = history.firstAcceptedMs("closeAccount") ?? Number.POSITIVE_INFINITY;
  for (const recorded of history.commands.values()) {
    const { command, response, refusal, sentMs } = recorded;
    if (response !== null && sentMs !== null && sentMs > closedMs && !FOR_CLOSED.has(command.name))
      yield {
        problem: `The command ${command.name} was accepted after the account was closed.`,
        evidence: recorded,
      };
    if (response === null && refusal === "account_closed" && closure === undefined)
      yield {
        problem: `The command ${command.name} was refused as if the account was closed.`,
        evidence: recorded,
      };
  }
}

/** An anonymized account has no free text of before: in itself, and in its entries, rows, grants and holds. */
export function* checkErasure(history: AccountHistory, books: Books): Iterable<Finding> {
  if (history.firstAcceptedMs("anonymizeAccount") === null) return;
  const { account, entries, rows, grants, holds } = books;
  const shown = [account, ...entries, ...rows, ...grants, ...holds];
  const left = shown.filter((one) => hasText(one) || ("cost" in one && one.cost !== null));
  if (left.length === 0) return;
  yield { problem: `${left.length} records of an anonymized account have free text.`, evidence: left };
}
