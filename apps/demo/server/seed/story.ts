import type { Amount } from "@credit-activity/client";
import { ai, build, haiku, opus, runtime, sonnet } from "./catalog.js";
import { addDays, addMonths, at, type Day, daysBetween, formatDay, toDay } from "./local-time.js";
import { createCycle } from "./routine.js";
import {
  type Cause,
  createSessionStep,
  type Discount,
  EIGHTH_OFF,
  type Movement,
  type SeedStep,
  type Session,
  TWENTY_OFF,
} from "./step.js";

const PRO_PLAN = { type: "plan", id: "pro", label: "Pro plan" };
const SUPPORT = { type: "support", id: "lena", label: "Lena, Support" };

/** The age of the current billing cycle at the end of the history. */
const CYCLE_AGE_DAYS = 3;

/** Returns the time at which the account is created: three billing cycles before the current one. */
export function getStoryStart(anchorMs: number, timeZone: string): number {
  return at(timeZone, getCycleDay(toDay(timeZone, anchorMs), -3), "09:41");
}

/**
 * Creates three months of history up to a time. It is the same for the same time and zone.
 *
 * @returns the steps, oldest first
 */
export function createStory(anchorMs: number, timeZone: string): SeedStep[] {
  const today = toDay(timeZone, anchorMs);
  const when = (day: Day, clock: string) => at(timeZone, day, clock);
  const steps: SeedStep[] = [];
  const move = (id: string, atMs: number, movement: Movement) => steps.push({ id, atMs, movement });
  const use = (id: string, atMs: number, ...sessions: Session[]) =>
    steps.push(createSessionStep(id, atMs, sessions, anchorMs - 20_000));

  const starts = [-3, -2, -1, 0, 1].map((months) => getCycleDay(today, months)) as [Day, Day, Day, Day, Day];
  for (const index of [0, 1, 2, 3] as const) {
    const [start, end] = [starts[index], starts[index + 1] as Day];
    move(`plan-${index}`, when(start, index === 0 ? "09:41" : "00:00"), {
      op: "grant",
      kind: "monthly_grant",
      credits: "1500",
      description: `Pro · ${formatDay(start)} – ${formatDay(addDays(end, -1))}`,
      source: PRO_PLAN,
      expiresAtMs: when(end, "00:00"),
    });
    if (index !== 3) steps.push(...createCycle(index, start, daysBetween(start, end), when));
  }

  const [first, second, third, present] = starts;
  move("welcome", when(first, "09:42"), {
    op: "grant",
    kind: "bonus",
    title: "Welcome bonus",
    credits: "250",
    description: "For joining in launch week",
    source: { type: "campaign", id: "launch-week", label: "Launch week" },
    expiresAtMs: when(addDays(first, 60), "09:42"),
  });
  move("report", when(addDays(first, 11), "16:20"), {
    op: "grant",
    kind: "manual_grant",
    credits: "40",
    description: "Thanks for the bug report",
    source: SUPPORT,
  });
  use(
    "deploy",
    when(addDays(first, 18), "15:05"),
    session(build("storefront", "Production deploy"), 7, 4900),
  );
  move("deploy-refund", when(addDays(first, 19), "10:12"), {
    op: "refund",
    event: "deploy.0.0",
    description: "Failed step returned",
  });

  move("pack-4377", when(addDays(second, 16), "11:26"), purchase("4377", "500"));
  move("preview-fix", when(addDays(second, 21), "09:03"), {
    op: "adjust",
    credits: "-6.75",
    description: "Preview builds counted late",
  });
  move("chargeback", when(addDays(second, 25), "13:48"), {
    op: "writeOff",
    credits: "120",
    description: "Purchase #4377 partly charged back",
  });

  move("goodwill", when(addDays(third, 9), "17:34"), {
    op: "grant",
    kind: "manual_grant",
    credits: "75",
    description: "For the outage on the status page",
    source: SUPPORT,
  });
  move("pack-4602", when(addDays(third, 20), "19:10"), purchase("4602", "300"));

  const before = (days: number, clock: string) => when(addDays(present, -days), clock);
  use("copy", before(3, "10:35"), session(ai(haiku, "storefront", "Product descriptions"), 22, 1265));
  use("labels", before(2, "14:30"), session(ai(sonnet, "returns", "Label printing"), 17, 6480));
  use("forecast", before(1, "15:25"), session(ai(opus, "stock", "Demand forecast"), 9, 8120, EIGHTH_OFF));

  steps.push(...createRecentSteps(anchorMs, timeZone, today, present));
  return steps.sort((one, other) => one.atMs - other.atMs);
}

/** Returns the steps of the newest page. They suit the hour of the first start. */
function createRecentSteps(anchorMs: number, timeZone: string, today: Day, present: Day): SeedStep[] {
  const yesterday = addDays(today, -1);
  const midnightMs = at(timeZone, today, "00:00");
  const elapsedMs = anchorMs - midnightMs;
  // Shortly after midnight the steps of the morning move to the evening before.
  const ago = (share: number, minutesMin: number) =>
    anchorMs - Math.max(minutesMin * 60_000, Math.min(elapsedMs, 15 * 3_600_000) * share);
  const use = (id: string, atMs: number, ...sessions: Session[]) =>
    createSessionStep(id, atMs, sessions, anchorMs - 20_000);
  const startOfNewest = anchorMs - 5 * 60_000;
  return [
    {
      id: "duplicate",
      atMs: at(timeZone, addDays(present, 1), "09:12"),
      movement: { op: "adjust", credits: "4.25", description: "Duplicate charge corrected" },
    },
    use("checkout", at(timeZone, yesterday, "18:10"), session(build("storefront", "Checkout flow"), 9, 6300)),
    {
      id: "checkout-refund",
      atMs: at(timeZone, yesterday, "18:22"),
      movement: { op: "refund", event: "checkout.0.0", description: "Failed build step returned" },
    },
    use("requests", ago(0.55, 55), session(runtime("storefront", "Requests over plan"), 31, 1550)),
    { id: "pack-4821", atMs: ago(0.2, 24), movement: purchase("4821", "1000") },
    use(
      "landing",
      startOfNewest,
      session(build("storefront", "Preview build"), 6, 4200),
      session(ai(sonnet, "storefront", "Landing page rewrite"), 14, 2340, TWENTY_OFF),
    ),
  ];
}

function getCycleDay(today: Day, months: number): Day {
  return addMonths(addDays(today, -CYCLE_AGE_DAYS), months);
}

function purchase(number: string, credits: Amount): Movement {
  return {
    op: "grant",
    kind: "purchase",
    credits,
    description: `Credit pack · ${Number(credits).toLocaleString("en-US")} credits`,
    source: { type: "purchase", id: number, label: `Purchase #${number}` },
  };
}

function session(cause: Cause, count: number, cents: number, discount: Discount | null = null): Session {
  return { ...cause, count, cents, discount };
}
