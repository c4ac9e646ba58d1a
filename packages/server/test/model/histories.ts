import fc from "fast-check";
import { MICROS_MAX, micros } from "../../src/core/amount.js";
import { parseInstant } from "../../src/core/instant.js";
import {
  advance,
  amounts,
  attributed,
  CREDIT,
  choice,
  correctionKind,
  described,
  discounts,
  effective,
  expires,
  grantKind,
  key,
  measured,
  mix,
  occurred,
  pick,
  record,
  scope,
  source,
  usageKind,
  wish,
} from "./parts.js";
import { scenarios } from "./scenarios.js";
import type { History, Step, StepCommand, Wish } from "./wishes.js";

/** Limits of a history. By default it has some 50 commands. */
export interface HistoryOptions {
  readonly accountsMax?: number;
  readonly stepsMax?: number;
  readonly commandsMax?: number;
}

/** Histories of a few accounts, rich in what is rare in production. */
export function histories(options: HistoryOptions = {}): fc.Arbitrary<History> {
  const { accountsMax = 3, stepsMax = 24, commandsMax = 6 } = options;
  // After one huge grant nothing runs out any more, so most histories have none.
  return pick([4, false], [1, true]).chain((isHuge) => {
    const lengths = { minLength: 1, size: "max" } as const;
    const account = accounts(isHuge);
    const step = steps(isHuge, commandsMax).map((one) => [one]);
    return record<History>({
      start: fc.constantFrom(
        parseInstant("2026-11-22T10:05:00Z"),
        parseInstant("2026-11-22T10:09:59.999999Z"),
        parseInstant("2026-12-31T23:57:12.345678Z"),
      ),
      accounts: fc.array(account, { ...lengths, maxLength: accountsMax }),
      steps: fc
        .array(mix([14, step], [1, scenarios(isHuge)]), { ...lengths, maxLength: stepsMax })
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
    [isHuge ? 3 : 0, BigInt(MICROS_MAX)],
  );
  return record<History["accounts"][number]>({ overdraftLimit: limit.map(micros) });
}

/** A step of all sorts, or one of usage only, as production traffic is: then windows grow. */
function steps(isHuge: boolean, commandsMax: number): fc.Arbitrary<Step> {
  // Most commands go to the first account, because three equal shares would only be three short histories.
  const account = pick([6, 0], [2, 1], [1, 2]);
  const of = (wishes: fc.Arbitrary<Wish>) =>
    fc.array(record<StepCommand>({ account, key, wish: wishes }), {
      minLength: 1,
      maxLength: commandsMax,
      size: "max",
    });
  const commands = mix([3, of(wishes(isHuge))], [2, of(usage("trickle", isHuge))]);
  return record<Step>({ advance, commands });
}

function usage(of: "debit" | "trickle", isHuge: boolean): fc.Arbitrary<Wish> {
  const charged = { credits: amounts(of, isHuge), discount: discounts(isHuge), ...measured };
  return wish("usage", { kind: usageKind, occurred, ...described, ...attributed, ...charged });
}

function wishes(isHuge: boolean): fc.Arbitrary<Wish> {
  const credits = amounts("debit", isHuge);
  const discount = discounts(isHuge);
  const grant = wish("grant", {
    kind: grantKind,
    title: pick<string | null>([4, null], [1, "Welcome gift"]),
    credits: amounts("grant", isHuge),
    priority: pick<number | null>([2, 100], [2, null], [1, 50], [1, 0]),
    source,
    effective,
    expires,
    only: scope,
    ...described,
  });
  const spend = wish("spend", {
    kind: usageKind,
    atMost: pick<true | null>([3, null], [1, true]),
    ...described,
    ...attributed,
    ...measured,
    credits,
    discount,
  });
  const hold = wish("hold", {
    kind: usageKind,
    credits,
    expiresIn: fc.constantFrom(null, 1, 60, 300, 3_600, 86_400, 2_592_000),
    ...described,
    ...attributed,
  });
  const settle = wish("settle", {
    hold: choice,
    excess: pick<"cap" | "debt" | null>([3, null], [2, "cap"], [1, "debt"]),
    part: pick(
      [4, "half" as const],
      [5, "all" as const],
      [5, "more" as const],
      [5, "uncovered" as const],
      [3, "nothing" as const],
    ),
    extra: credits,
    discount,
    ...described,
    ...measured,
  });
  const refund = wish("refund", {
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
    ...described,
  });
  const down = pick([1, false], [2, true]);
  return mix(
    [24, grant],
    [12, usage("debit", isHuge)],
    [20, spend],
    [12, hold],
    [9, settle],
    [2, wish("release", { hold: choice })],
    [5, wish("extend", { hold: choice, expiresIn: fc.constantFrom(null, 1, 1, 300, 86_400) })],
    [4, wish("voidGrant", { grant: choice, source, ...described })],
    [2, wish("extendGrant", { grant: choice, expires, source, ...described })],
    [12, refund],
    [3, wish("adjust", { kind: correctionKind, source, credits, down, ...described })],
    [2, wish("writeOff", { source, credits, ...described })],
    [3, wish("touch", {})],
  );
}
