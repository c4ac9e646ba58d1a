import fc from "fast-check";
import { MICROS_MAX } from "../../src/core/amount.js";
import {
  advance,
  amounts,
  attributed,
  choice,
  described,
  discounts,
  expires,
  grantKind,
  HOUR,
  MINUTE,
  measured,
  mix,
  moment,
  nearly,
  occurred,
  onwards,
  pick,
  record,
  SECOND,
  source,
  usageKind,
  WINDOW,
  type WishOf,
  wish,
} from "./parts.js";
import type { Advance, Choice, Discount, Moment, Quantity, Step, Wish } from "./wishes.js";

/*
 * Situations that chance alone seldom brings about: a few steps prepare each and then run into it. All commands go to one
 * account under new keys. Ordinary steps before, after, and on the other accounts add variety.
 */

function steps(...parts: readonly (readonly [fc.Arbitrary<Advance>, ...fc.Arbitrary<Wish>[]])[]) {
  const each = parts.map(([when, ...wishes]) =>
    record<{ advance: Advance; wishes: Wish[] }>({
      advance: when,
      wishes: fc.tuple(...wishes) as fc.Arbitrary<Wish[]>,
    }),
  );
  const toStep =
    (account: number) =>
    (part: { readonly advance: Advance; readonly wishes: readonly Wish[] }): Step => ({
      advance: part.advance,
      commands: part.wishes.map((wish) => ({ account, key: "new", wish })),
    });
  return fc
    .tuple(pick([3, 0], [1, 1]), fc.tuple(...each))
    .map(([account, all]): Step[] => all.map(toStep(account)));
}

const atOnce = onwards("later", fc.constant(0));
const soon = onwards("later", fc.constantFrom(1, SECOND, MINUTE));
const whenDue = onwards("due", nearly(0));
const afterDue = onwards("due", fc.constantFrom(0, MINUTE, 2 * HOUR));
const debit = amounts("debit", false);
const never: fc.Arbitrary<Moment> = fc.constant(null);
const shortly = moment("now", fc.constantFrom(SECOND, MINUTE, WINDOW, HOUR));
const all: fc.Arbitrary<Quantity> = fc.constant({ of: "spendable", micro: 0n });
const noDiscount: fc.Arbitrary<Discount> = fc.constant("none");
const touch = wish("touch", {});

function grant(effective: fc.Arbitrary<Moment>, expiring: fc.Arbitrary<Moment>) {
  return wish("grant", {
    kind: grantKind,
    title: fc.constant(null),
    credits: amounts("grant", false),
    source,
    priority: pick([3, 100], [1, 50]),
    effective,
    expires: expiring,
    only: fc.constant(null),
    ...described,
  });
}

const used = { kind: usageKind, ...described, ...attributed, ...measured };

function usage(credits: fc.Arbitrary<Quantity>, when: fc.Arbitrary<Moment> = never) {
  return wish("usage", { credits, discount: noDiscount, occurred: when, ...used });
}

function spend(credits: fc.Arbitrary<Quantity>) {
  return wish("spend", { credits, discount: noDiscount, atMost: fc.constant(null), ...used });
}

const held = { kind: usageKind, ...described, ...attributed };

const hold = wish("hold", {
  credits: debit,
  expiresIn: fc.constantFrom(60, 300, 3_600),
  ...held,
});

const most: fc.Arbitrary<Quantity> = fc.constant({ of: "itself", micro: MICROS_MAX });
const hugeHold = wish("hold", {
  credits: fc.constant<Quantity>({ of: "itself", micro: MICROS_MAX / 2n + 1n }),
  expiresIn: fc.constantFrom(60, 3_600),
  ...held,
});

function settle(part: fc.Arbitrary<WishOf<"settle">["part"]>) {
  const newest = fc.constant<Choice>({ among: "fitting", back: 0 });
  return wish("settle", {
    hold: newest,
    excess: pick<WishOf<"settle">["excess"]>([2, null], [1, "cap"], [1, "debt"]),
    part,
    extra: debit,
    discount: discounts(false),
    ...described,
    ...measured,
  });
}

const refund = wish("refund", {
  entry: choice,
  part: pick([1, "rest" as const], [3, "third" as const], [1, "rest exactly" as const]),
  source,
  ...described,
});

/** A debt is outstanding while grants become effective, and one or both end before the account is touched. */
const pendingPaysDebt = steps(
  [
    atOnce,
    usage(all),
    usage(debit),
    grant(shortly, moment("now", fc.constantFrom(2 * HOUR, 3 * HOUR))),
    grant(shortly, fc.constantFrom<Moment>(null, { from: "now", micros: 2 * HOUR })),
  ],
  [
    onwards("due", fc.constantFrom(0, 1, 2 * HOUR, 3 * HOUR)),
    fc.oneof(touch, usage(debit), grant(never, expires)),
  ],
);

/** One grant ends at the very moment another begins, with a debt for the one or the other to pay. */
const beginsAtAnEnd = steps(
  [
    atOnce,
    usage(all),
    usage(debit),
    grant(shortly, moment("cell", fc.constant(2 * WINDOW))),
    grant(
      moment("cell", fc.constant(2 * WINDOW)),
      fc.constantFrom<Moment>(null, { from: "cell", micros: 2 * WINDOW + 1 }),
    ),
  ],
  [onwards("due", fc.constantFrom(2 * WINDOW, HOUR)), fc.oneof(touch, usage(debit))],
);

/** Credits are held, the grants that cover them expire, and the hold is settled all the same. */
const holdOutlivesGrant = steps(
  [atOnce, grant(never, moment("now", fc.constantFrom(MINUTE, WINDOW)))],
  [
    soon,
    wish("hold", {
      credits: fc.oneof(all, debit),
      expiresIn: fc.constantFrom(3_600, 86_400),
      ...held,
    }),
  ],
  [
    afterDue,
    fc.oneof(
      settle(pick([2, "all"], [2, "half"], [1, "more"], [1, "uncovered"])),
      wish("release", { hold: choice }),
    ),
  ],
);

/** Credits are held and used, or given up. Some holds expire. */
const holdAndSettle = steps(
  [atOnce, grant(never, never), grant(never, expires)],
  [soon, hold, hold],
  [
    fc.oneof(soon, whenDue),
    settle(pick([1, "half"], [1, "all"], [2, "more"], [3, "uncovered"])),
    fc.oneof(settle(pick([1, "nothing"], [2, "all"])), wish("release", { hold: choice }), refund),
  ],
);

/** A debit out of grants that end is returned, in parts. */
const refundAfterExpiry = steps(
  [atOnce, grant(never, moment("now", fc.constantFrom(MINUTE, WINDOW))), grant(never, expires)],
  [soon, spend(fc.oneof(all, debit)), fc.oneof(usage(debit), usage(all))],
  [whenDue, refund],
  [advance, refund, refund, fc.oneof(grant(never, never), usage(debit))],
);

/** Two grants end at one instant, with or without a debt that came in between. */
const commonEnd = steps(
  [
    atOnce,
    grant(never, moment("cell", fc.constant(2 * WINDOW))),
    grant(shortly, moment("cell", fc.constant(2 * WINDOW))),
    usage(debit),
  ],
  [afterDue, fc.oneof(touch, spend(debit))],
);

/** About as many groups as a window takes, and more entries of the first and the last of them. */
const fullWindow = steps([
  soon,
  wish("burst", {
    groups: fc.integer({ min: 62, max: 66 }),
    tail: fc.array(
      record<WishOf<"burst">["tail"][number]>({
        group: fc.constantFrom(0, 1, 61, 62, 63, 64, 65),
        isLate: fc.boolean(),
      }),
      { minLength: 4, maxLength: 12, size: "max" },
    ),
  }),
  usage(debit, occurred),
]);

/** A backlog in order, of about as many windows as one has room for, and then usage of any of those times. */
const backlogs = steps([
  soon,
  wish("backlog", {
    windows: fc
      .tuple(
        fc.boolean(),
        fc.integer({ min: 63, max: 70 }),
        fc.array(fc.integer({ min: 0, max: 72 }), { minLength: 6, maxLength: 12, size: "max" }),
      )
      .map(([isOldestFirst, count, tail]) => {
        const windows = Array.from({ length: count }, (_, index) => index + 1);
        return [...(isOldestFirst ? windows.reverse() : windows), ...tail];
      }),
  }),
  usage(debit, occurred),
]);

/** Holds that together are more than an amount can be, where the overdraft allows them. */
const hugeHolds = steps(
  [
    atOnce,
    wish("adjust", {
      kind: fc.constant(null),
      source,
      credits: most,
      down: fc.constant(false),
      ...described,
    }),
  ],
  [soon, hugeHold, hugeHold, hugeHold],
);

/** Steps that run into what chance alone seldom brings about. */
export function scenarios(isHuge: boolean): fc.Arbitrary<Step[]> {
  return mix(
    [6, pendingPaysDebt],
    [3, beginsAtAnEnd],
    [4, holdOutlivesGrant],
    [7, holdAndSettle],
    [6, refundAfterExpiry],
    [4, commonEnd],
    [2, fullWindow],
    [2, backlogs],
    [isHuge ? 8 : 0, hugeHolds],
  );
}
