import { ai, build, haiku, opus, runtime, sonnet } from "./catalog.js";
import { addDays, type Day, weekdayOf } from "./local-time.js";
import {
  type Cause,
  type Discount,
  eighthOff,
  numbersFrom,
  type SeedStep,
  sessionStep,
  twentyOff,
} from "./step.js";

/** Work that comes back: how many events it takes, and what they come to in hundredths of a credit. */
interface Routine {
  readonly cause: Cause;
  readonly count: readonly [number, number];
  readonly cents: readonly [number, number];
  readonly discount?: Discount;
}

const routines: readonly Routine[] = [
  { cause: ai(sonnet, "storefront", "Product page layout"), count: [9, 26], cents: [2200, 6400] },
  { cause: build("storefront", "Preview build"), count: [4, 8], cents: [2400, 5200] },
  { cause: ai(haiku, "storefront", "Search and filters"), count: [14, 38], cents: [900, 3100] },
  { cause: ai(opus, "returns", "Refund rules"), count: [5, 12], cents: [5200, 11800], discount: eighthOff },
  { cause: runtime("storefront", "Requests over plan"), count: [12, 40], cents: [600, 2100] },
  { cause: ai(sonnet, "returns", "Order lookup"), count: [8, 21], cents: [1900, 5300], discount: twentyOff },
  { cause: build("returns", "Preview build"), count: [3, 7], cents: [1800, 4100] },
  { cause: ai(sonnet, "stock", "Weekly view"), count: [10, 30], cents: [3000, 9200] },
  { cause: runtime("stock", "Scheduled jobs"), count: [6, 24], cents: [300, 1400] },
  { cause: build("storefront", "Production deploy"), count: [5, 9], cents: [3600, 7400] },
  { cause: ai(haiku, "stock", "Supplier emails"), count: [11, 29], cents: [700, 2400] },
];

/** How much each of the three past cycles used, so that one leaves credits to expire and another needs bought ones. */
const loads = [1.6, 2.9, 2.7] as const;

/** The sessions of a past billing cycle: one on most working days. */
export function cycleSessions(
  index: 0 | 1 | 2,
  start: Day,
  days: number,
  when: (day: Day, clock: string) => number,
): SeedStep[] {
  const random = numbersFrom(7_001 + index);
  const between = ([low, high]: readonly [number, number]) => Math.round(low + (high - low) * random());
  const steps: SeedStep[] = [];
  let turn = index * 4;
  for (let dayIndex = 1; dayIndex < days - 1; dayIndex++) {
    const day = addDays(start, dayIndex);
    const isWeekend = weekdayOf(day) % 6 === 0;
    if (isWeekend || random() < 0.1) continue;
    const routine = routines[turn++ % routines.length] as Routine;
    const hour = String(9 + Math.floor(random() * 9)).padStart(2, "0");
    const minute = String(Math.floor(random() * 12) * 5).padStart(2, "0");
    const session = {
      ...routine.cause,
      count: between(routine.count),
      cents: Math.round(between(routine.cents) * loads[index]),
      discount: routine.discount ?? null,
    };
    steps.push(sessionStep(`work-${index}-${dayIndex}`, when(day, `${hour}:${minute}`), [session]));
  }
  return steps;
}
