/** Gives the calls of a request their keys. A call that failed leaves its step to its retry. */
export class Steps {
  readonly #requestId: string | undefined;
  readonly #taken = new Set<number>();

  constructor(requestId: string | undefined) {
    this.#requestId = requestId;
  }

  /** Takes the first free step. Without a request id each call has a random key. */
  take(): Step {
    if (this.#requestId === undefined) return { key: `ai:${crypto.randomUUID()}`, leave() {} };
    let step = 0;
    while (this.#taken.has(step)) step += 1;
    this.#taken.add(step);
    return { key: `ai:${this.#requestId}:${step}`, leave: () => this.#taken.delete(step) };
  }
}

/** A call's place in its request. */
export interface Step {
  /** The key of the step's charge. */
  readonly key: string;
  /** Leaves the step to the next call. */
  leave(): void;
}
