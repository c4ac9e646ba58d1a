import fc from "fast-check";
import { amount, CREDITS_MAX } from "../../src/ledger/credits.js";
import { parseInstant } from "../../src/ledger/instant.js";
import { GRANT_KINDS } from "../../src/ledger/kinds.js";
import {
  advance,
  CREDIT,
  cause,
  choice,
  discounts,
  effective,
  expires,
  key,
  mix,
  occurred,
  pick,
  quantities,
  record,
  source,
  texts,
  wishOf,
} from "./parts.js";
import { scenarios } from "./scenarios.js";
import type { History, Step, StepCommand, Wish } from "./wishes.js";

/** Limits on how much a history holds; the defaults make it some 50 commands. */
export interface HistoryOptions {
  readonly accounts_max?: number;
  readonly steps_max?: number;
  readonly commands_max?: number;
}

/** Histories of a few accounts, made of what is rare in life and telling in tests. */
export function histories(options: HistoryOptions = {}): fc.Arbitrary<History> {
  const { accounts_max = 3, steps_max = 24, commands_max = 6 } = options;
  // After one huge grant nothing runs out any more, so that most histories know none.
  return pick([4, false], [1, true]).chain((isHuge) => {
    const lengths = { minLength: 1, size: "max" } as const;
    const account = accounts(isHuge);
    const step = steps(isHuge, commands_max).map((one) => [one]);
    return record<History>({
      start: fc.constantFrom(
        parseInstant("2026-11-22T10:05:00Z"),
        parseInstant("2026-11-22T10:09:59.999999Z"),
        parseInstant("2026-12-31T23:57:12.345678Z"),
      ),
      accounts: fc.array(account, { ...lengths, maxLength: accounts_max }),
      steps: fc
        .array(mix([14, step], [1, scenarios(isHuge)]), { ...lengths, maxLength: steps_max })
        .map((parts) => parts.flat()),
    });
  });
}

function accounts(isHuge: boolean): fc.Arbitrary<History["accounts"][number]> {
  const limit = pick(
    [5, 0n],
    [2, 5n * CREDIT],
    [1, 1n],
    [1, 500n * CREDIT],
    [isHuge ? 3 : 0, BigInt(CREDITS_MAX)],
  );
  return record<History["accounts"][number]>({ overdraftLimit: limit.map(amount) });
}

/** A step of all sorts, or one of usage only, as live traffic is: then windows grow. */
function steps(isHuge: boolean, commands_max: number): fc.Arbitrary<Step> {
  // Most commands go to the first account: three that hardly meet would only be three short histories.
  const account = pick([6, 0], [2, 1], [1, 2]);
  const of = (wish: fc.Arbitrary<Wish>) =>
    fc.array(record<StepCommand>({ account, key, wish }), {
      minLength: 1,
      maxLength: commands_max,
      size: "max",
    });
  const commands = mix([3, of(wishes(isHuge))], [2, of(usage("trickle", isHuge))]);
  return record<Step>({ advance, commands });
}

function usage(amounts: "debit" | "trickle", isHuge: boolean): fc.Arbitrary<Wish> {
  const charged = { credits: quantities(amounts, isHuge), discount: discounts(isHuge) };
  return wishOf("usage", { occurred, ...texts, ...cause, ...charged });
}

function wishes(isHuge: boolean): fc.Arbitrary<Wish> {
  const credits = quantities("debit", isHuge);
  const discount = discounts(isHuge);
  const grant = wishOf("grant", {
    kind: fc.constantFrom(...GRANT_KINDS),
    title: pick<string | null>([4, null], [1, "Welcome gift"]),
    credits: quantities("grant", isHuge),
    priority: pick([4, 100], [1, 50], [1, 0]),
    source,
    effective,
    expires,
    ...texts,
  });
  const spend = wishOf("spend", { ...texts, ...cause, credits, discount });
  const hold = wishOf("hold", {
    credits,
    expiresInSeconds: fc.constantFrom(1, 60, 300, 3_600, 86_400, 2_592_000),
    description: texts.description,
    ...cause,
  });
  const settle = wishOf("settle", {
    hold: choice,
    part: pick([4, "half" as const], [5, "all" as const], [5, "more" as const], [1, "nothing" as const]),
    extra: credits,
    discount,
    ...texts,
  });
  const refund = wishOf("refund", {
    entry: choice,
    part: pick(
      [4, "rest" as const],
      [1, "rest exactly" as const],
      [8, "third" as const],
      [1, "least" as const],
      [1, "too much" as const],
      [1, "nothing" as const],
    ),
    source,
    ...texts,
  });
  return mix(
    [24, grant],
    [12, usage("debit", isHuge)],
    [20, spend],
    [12, hold],
    [7, settle],
    [2, wishOf("release", { hold: choice })],
    [12, refund],
    [2, wishOf("adjust", { source, credits, down: pick([1, false], [2, true]), ...texts })],
    [2, wishOf("writeoff", { source, credits, ...texts })],
    [3, wishOf("touch", {})],
  );
}
