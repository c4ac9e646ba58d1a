/** The most digests of one query. */
const DIGESTS_MAX = 1_000;

/** Returns those digests, in hex, that belong to a key that has not been revoked. */
export type ReadValidKeys = (digests: readonly string[]) => Promise<ReadonlySet<string>>;

interface Asked {
  readonly digest: string;
  resolve(isValid: boolean): void;
  reject(error: unknown): void;
}

/**
 * Makes the lookup of keys. It has one query in flight, and those that arrive meanwhile share the next. A flood of wrong
 * keys so takes one connection, and few queries.
 *
 * @returns a function that returns true if a digest belongs to a valid key
 */
export function createKeyLookup(readValidKeys: ReadValidKeys): (digest: string) => Promise<boolean> {
  const waiting: Asked[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      const asked = waiting.splice(0, DIGESTS_MAX);
      try {
        const valid = await readValidKeys(asked.map(({ digest }) => digest));
        for (const { digest, resolve } of asked) resolve(valid.has(digest));
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    isRunning = false;
  }

  return (digest) =>
    new Promise((resolve, reject) => {
      waiting.push({ digest, resolve, reject });
      if (!isRunning) void run();
    });
}
