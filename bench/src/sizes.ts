/** How many connections the ledger has, and the baselines with it: the library's default. */
export const connections = 10;

/** How many transactions the ledger writes at once: its lanes. */
export const lanes = 2;

/** How long and how much a run measures. */
export interface Sizes {
  /** Entries of the account with the long history. */
  readonly entries: number;
  /** Accounts that the write cases spread over. */
  readonly accounts: number;
  /** Turns that count, of a case and its baseline each. */
  readonly turns: number;
  /** The length of one turn, where a turn is given by time. */
  readonly turn_s: number;
  /** How often each page of each filter is read. */
  readonly samples: number;
  /** Calls of a caller that is alone. */
  readonly lone_calls: number;
  /** Usage events of one turn in bulk. */
  readonly events: number;
  /** The same, for the embedded database. */
  readonly events_embedded: number;
  /** Accounts that the server is made to touch where its memory is measured. */
  readonly accounts_touched: number;
}

/** Everything, with figures that settle. */
export const fullSizes: Sizes = {
  entries: 10_000_000,
  accounts: 10_000,
  turns: 5,
  turn_s: 2,
  samples: 2_000,
  lone_calls: 1_000,
  events: 30_000,
  events_embedded: 10_000,
  accounts_touched: 100_000,
};

/** Ends within 90 seconds: it shows that all works, and roughly how fast. */
export const quickSizes: Sizes = {
  ...fullSizes,
  entries: 100_000,
  turns: 2,
  turn_s: 0.5,
  samples: 150,
  lone_calls: 100,
  events: 6_000,
  events_embedded: 4_000,
  accounts_touched: 5_000,
};
