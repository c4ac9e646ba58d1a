/** The bounds of a signed number of 64 bits. */
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const TWO_TO_32 = 2 ** 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** How much a writer keeps for the next time, which is more than a usual batch takes; one that grew beyond lets go of it. */
const KEPT_BYTES = 4_000_000;

/**
 * Writes texts and numbers one behind the other into memory that is used again and again. Where thousands of short
 * texts are put together every second, this makes no garbage, which strings do with every `+`.
 */
export class ByteWriter {
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  /** @param size how many bytes there is room for before the memory grows */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#view = viewOf(this.#bytes);
  }

  /** How many bytes have been written since the last `reset`. */
  get length(): number {
    return this.#length;
  }

  /** What has been written, without a copy: it is overwritten after the next `reset`. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Drops what was written after the first so many bytes. */
  backTo(length: number): void {
    this.#length = length;
  }

  /** Begins anew. */
  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#resize(KEPT_BYTES);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  int16(value: number): void {
    this.#reserve(2);
    this.#view.setInt16(this.#length, value);
    this.#length += 2;
  }

  /** @throws RangeError when the number is beyond 32 bits, or is not whole */
  int32(value: number): void {
    if (value !== (value | 0)) throw new RangeError(`${value} is out of range: it takes more than 32 bits.`);
    this.#reserve(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  /** Overwrites four bytes that were written before, such as a length that is known only now. */
  int32At(at: number, value: number): void {
    this.#view.setInt32(at, value);
  }

  /** @throws RangeError when the number is beyond 64 bits, or is not whole */
  int64(value: bigint | number): void {
    this.#reserve(8);
    const at = this.#length;
    if (typeof value === "bigint") {
      if (value > INT64_MAX || value < INT64_MIN)
        throw new RangeError(`${value} is out of range: it takes more than 64 bits.`);
      this.#view.setBigInt64(at, value);
    } else {
      if (!Number.isSafeInteger(value))
        throw new RangeError(`${value} is out of range: it is not a whole number within 2^53.`);
      this.#view.setInt32(at, Math.floor(value / TWO_TO_32));
      this.#view.setUint32(at + 4, value % TWO_TO_32);
    }
    this.#length += 8;
  }

  /** Bytes given in hex. */
  hex(text: string): void {
    this.#reserve(text.length >> 1);
    this.#length += this.#bytes.write(text, this.#length, "hex");
  }

  /** A text of ASCII characters only. */
  ascii(text: string): void {
    const end = this.#length + text.length;
    this.#reserve(text.length);
    for (let at = this.#length, index = 0; at < end; at++, index++) this.#bytes[at] = text.charCodeAt(index);
    this.#length = end;
  }

  /**
   * Writes a text if it is one that JSON takes as it is, as most are: printable ASCII without quotes and backslashes.
   *
   * @returns whether it was, and is written
   */
  plain(text: string): boolean {
    const { length } = text;
    this.#reserve(length);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return false;
      bytes[start + index] = code;
    }
    this.#length = start + length;
    return true;
  }

  /** A text in UTF-8. */
  utf8(text: string): void {
    if (this.plain(text)) return;
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  /** What has been written, as a text. */
  toString(): string {
    return this.#bytes.toString("utf8", 0, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, 2 * this.#bytes.length));
  }

  #resize(size: number): void {
    const bytes = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
