import { ai, build, haiku, opus, runtime, sonnet } from "./catalog.js";
import { addDays, type Day, toWeekday } from "./local-time.js";
import {
  type Cause,
  createRandom,
  createSessionStep,
  type Discount,
  EIGHTH_OFF,
  type SeedStep,
  TWENTY_OFF,
} from "./step.js";

/** Work that is repeated: the ranges of its number of events and of its total in hundredths of a credit. */
interface Routine {
  readonly cause: Cause;
  readonly count: readonly [number, number];
  readonly cents: readonly [number, number];
  readonly discount?: Discount;
}

const ROUTINES: readonly Routine[] = [
  { cause: ai(sonnet, "storefront", "Product page layout"), count: [9, 26], cents: [2200, 6400] },
  { cause: build("storefront", "Preview build"), count: [4, 8], cents: [2400, 5200] },
  { cause: ai(haiku, "storefront", "Search and filters"), count: [14, 38], cents: [900, 3100] },
  { cause: ai(opus, "returns", "Refund rules"), count: [5, 12], cents: [5200, 11800], discount: EIGHTH_OFF },
  { cause: runtime("storefront", "Requests over plan"), count: [12, 40], cents: [600, 2100] },
  { cause: ai(sonnet, "returns", "Order lookup"), count: [8, 21], cents: [1900, 5300], discount: TWENTY_OFF },
  { cause: build("returns", "Preview build"), count: [3, 7], cents: [1800, 4100] },
  { cause: ai(sonnet, "stock", "Weekly view"), count: [10, 30], cents: [3000, 9200] },
  { cause: runtime("stock", "Scheduled jobs"), count: [6, 24], cents: [300, 1400] },
  { cause: build("storefront", "Production deploy"), count: [5, 9], cents: [3600, 7400] },
  { cause: ai(haiku, "stock", "Supplier emails"), count: [11, 29], cents: [700, 2400] },
];

/** The factor of usage per past cycle. One cycle leaves credits that expire, and another needs purchased credits. */
const LOADS = [1.6, 2.9, 2.7] as const;

/** Returns the sessions of a past billing cycle: one on most working days. */
export function createCycle(
  index: 0 | 1 | 2,
  start: Day,
  days: number,
  when: (day: Day, clock: string) => number,
): SeedStep[] {
  const random = createRandom(7_001 + index);
  const between = ([low, high]: readonly [number, number]) => Math.round(low + (high - low) * random());
  const steps: SeedStep[] = [];
  let turn = index * 4;
  for (let dayIndex = 1; dayIndex < days - 1; dayIndex++) {
    const day = addDays(start, dayIndex);
    const isWeekend = toWeekday(day) % 6 === 0;
    if (isWeekend || random() < 0.1) continue;
    const routine = ROUTINES[turn++ % ROUTINES.length] as Routine;
    const hour = String(9 + Math.floor(random() * 9)).padStart(2, "0");
    const minute = String(Math.floor(random() * 12) * 5).padStart(2, "0");
    const session = {
      ...routine.cause,
      count: between(routine.count),
      cents: Math.round(between(routine.cents) * LOADS[index]),
      discount: routine.discount ?? null,
    };
    steps.push(createSessionStep(`work-${index}-${dayIndex}`, when(day, `${hour}:${minute}`), [session]));
  }
  return steps;
}
