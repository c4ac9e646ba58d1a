/** How many connections the ledger has, and the baselines with it: the library's default. */
export const connections = 10;

/** How many of them write at once: the ledger's lanes. */
export const lanes = Math.floor(connections / 2);

/** How long and how much a run measures. */
export interface Sizes {
  /** Activity rows of the account with the long history. */
  readonly rows: number;
  /** Accounts that the write cases spread over. */
  readonly accounts: number;
  /** Turns that count, of a case and its baseline each. */
  readonly turns: number;
  /** The length of one turn, where a turn is given by time. */
  readonly turn_s: number;
  /** How often each page of each filter is read. */
  readonly samples: number;
  /** Usage events of one turn in bulk. */
  readonly events: number;
  /** The same, for the embedded database. */
  readonly events_embedded: number;
}

/** Everything, with figures that settle. */
export const fullSizes: Sizes = {
  rows: 100_000,
  accounts: 10_000,
  turns: 5,
  turn_s: 3,
  samples: 2_000,
  events: 20_000,
  events_embedded: 10_000,
};

/** Ends within 90 seconds: it shows that all works, and roughly how fast. */
export const quickSizes: Sizes = {
  ...fullSizes,
  turns: 2,
  turn_s: 0.5,
  samples: 300,
  events: 6_000,
  events_embedded: 4_000,
};
