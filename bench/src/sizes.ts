/** The connections of the ledger and of its baselines: the library's default. */
export const CONNECTIONS = 10;

/** The number of transactions that the ledger writes at once: its lanes. */
export const LANES = 2;

/** The amounts of data and of measurements of a run. */
export interface Sizes {
  /** The entries of the account with the long history. */
  readonly entries: number;
  /** The accounts that the write cases spread over. */
  readonly accounts: number;
  /** The turns that count, of a case and its baselines each. */
  readonly turns: number;
  /** The length of a turn that is given by time. */
  readonly turnSeconds: number;
  /** The reads of each page of each filter. */
  readonly samples: number;
  /** The calls of a lone caller. */
  readonly loneCalls: number;
  /** The usage events of one turn in bulk. */
  readonly events: number;
  /** The usage events of one turn in bulk on the embedded database. */
  readonly eventsEmbedded: number;
  /** The accounts that the server touches while its memory is measured. */
  readonly accountsTouched: number;
}

/** A full run. Its figures settle. */
export const FULL_SIZES: Sizes = {
  entries: 10_000_000,
  accounts: 10_000,
  turns: 5,
  turnSeconds: 2,
  samples: 2_000,
  loneCalls: 1_000,
  events: 30_000,
  eventsEmbedded: 10_000,
  accountsTouched: 100_000,
};

/** A run within 90 seconds. It shows that everything works, and roughly how fast. */
export const QUICK_SIZES: Sizes = {
  ...FULL_SIZES,
  entries: 100_000,
  turns: 2,
  turnSeconds: 0.5,
  samples: 150,
  loneCalls: 100,
  events: 6_000,
  eventsEmbedded: 4_000,
  accountsTouched: 5_000,
};
