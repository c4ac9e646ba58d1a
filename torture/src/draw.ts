import { createRandom } from "../../bench/src/random.js";

/** Draws from a seeded generator. The same seeds draw the same values in every run. */
export interface Draw {
  /** Draws a number from 0 to 1. */
  unit(): number;
  /** Draws a whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number;
  /** True with a probability. */
  chance(probability: number): boolean;
  /** Draws one of the items, which are not empty. */
  pick<Item>(items: readonly Item[]): Item;
  /** Draws one of the items, which are not empty, by their weights. */
  weighted<Item extends { readonly weight: number }>(items: readonly Item[]): Item;
}

/** Creates the draws of a path of seeds, such as the seed of the run, a round and a client. */
export function createDraw(...seeds: readonly number[]): Draw {
  let seed = 0;
  for (const part of seeds) seed = Math.floor(createRandom((seed ^ part) + 1)() * 2 ** 32);
  const unit = createRandom(seed);
  const whole = (min: number, max: number) => min + Math.floor(unit() * (max - min + 1));
  return {
    unit,
    whole,
    chance: (probability) => unit() < probability,
    pick: <Item>(items: readonly Item[]) => items[whole(0, items.length - 1)] as Item,
    weighted: (items) => {
      let left = unit() * items.reduce((sum, { weight }) => sum + weight, 0);
      for (const item of items) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return items.at(-1) as (typeof items)[number];
    },
  };
}
