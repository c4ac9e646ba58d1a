/** The words that count the entries of a kind: "1 call", "14 calls". */
export interface Nouns {
  readonly one: string;
  readonly other: string;
}

/** The English words of a kind. Kinds of type usage have nouns. */
export interface KindWords {
  readonly title: string;
  readonly nouns?: Nouns;
}

/** The words of the built-in kinds. The ledger returns them, and the page shows them unless its labels have others. */
export const KIND_WORDS = {
  monthly_grant: { title: "Monthly credits granted" },
  purchase: { title: "Purchased credits added" },
  bonus: { title: "Signup bonus" },
  manual_grant: { title: "Manual credit" },
  ai_usage: { title: "AI usage", nouns: { one: "call", other: "calls" } },
  build_usage: { title: "Build usage", nouns: { one: "step", other: "steps" } },
  runtime_usage: { title: "Runtime usage", nouns: { one: "event", other: "events" } },
  refund: { title: "Credit refund" },
  adjustment: { title: "Credit adjustment" },
  writeoff: { title: "Credit writeoff" },
  expiry: { title: "Credits expired" },
  extension: { title: "Expiry extended" },
  closure: { title: "Account closed" },
  anonymization: { title: "Account anonymized" },
} as const satisfies Readonly<Record<string, KindWords>>;

/** The words of a kind for which neither a config nor this package has nouns. */
export const NOUNS_DEFAULT: Nouns = { one: "entry", other: "entries" };
