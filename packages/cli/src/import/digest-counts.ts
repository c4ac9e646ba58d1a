/** The numbers of a slot: two of the digest, and the count, which is 0 in a free slot. */
const SLOT = 3;

const SLOTS_MIN = 64;

/** The number of parts. Each grows alone, so growing needs room for one part only. */
const PARTS = 256;

/**
 * Counts digests in 16 to 32 bytes per distinct one. A `Map` of strings takes more, and ends at 2^24 of them. Each part
 * is a hash table with open addressing, keyed by the first 72 bits of a digest: 8 choose the part, and 64 are compared.
 */
export class DigestCounts {
  readonly #parts: Part[] = Array.from({ length: PARTS }, () => new Part());

  /** Counts a digest in hex of at least 18 digits. Returns the number of times that it was counted before. */
  add(digest: string): number {
    const part = this.#parts[Number.parseInt(digest.slice(0, 2), 16)] as Part;
    return part.add(Number.parseInt(digest.slice(2, 10), 16), Number.parseInt(digest.slice(10, 18), 16));
  }
}

class Part {
  #slots = new Uint32Array(SLOTS_MIN * SLOT);
  #used = 0;

  add(high: number, low: number): number {
    const at = this.#find(high, low);
    const count = this.#slots[at + 2] as number;
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    this.#slots[at + 2] = count + 1;
    if (count === 0) {
      this.#used += 1;
      if (this.#used * SLOT * 4 > this.#slots.length * 3) this.#grow();
    }
    return count;
  }

  /** Returns the place of a digest, or of the free slot where it belongs. */
  #find(high: number, low: number): number {
    const slots = this.#slots;
    const mask = slots.length / SLOT - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT;
      if (slots[at + 2] === 0 || (slots[at] === high && slots[at + 1] === low)) return at;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += SLOT) {
      if (before[at + 2] === 0) continue;
      this.#slots.set(
        before.subarray(at, at + SLOT),
        this.#find(before[at] as number, before[at + 1] as number),
      );
    }
  }
}
