/** The bounds of a signed integer of 64 bits. */
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const TWO_TO_32 = 2 ** 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The most bytes of a UTF-16 unit in UTF-8. */
const UTF8_BYTES_MAX = 3;

/**
 * Writes strings and numbers one after the other into memory that is used again. Short strings are written by loops,
 * because a native call per string takes several times as long.
 */
export class ByteWriter {
  readonly #size: number;
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  /** @param size the number of bytes before the memory grows. It shrinks to them when it is used again. */
  constructor(size: number) {
    this.#size = size;
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#view = toView(this.#bytes);
  }

  /** The number of bytes since the last `reset`. */
  get length(): number {
    return this.#length;
  }

  /** The bytes since the last `reset`, without a copy. They are overwritten after the next one. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > this.#size) this.#resize(this.#size);
  }

  /** Drops the bytes after the first `length`. */
  truncate(length: number): void {
    this.#length = length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  /** Overwrites four bytes that were written before. */
  int32At(at: number, value: number): void {
    this.#view.setInt32(at, value);
  }

  /** @throws RangeError if the value takes more than 64 bits, or is a number that is not a safe integer */
  int64(value: bigint | number): void {
    this.#reserve(8);
    const at = this.#length;
    if (typeof value === "bigint") {
      if (value > INT64_MAX || value < INT64_MIN) throw outOfRange(value, "an integer of 64 bits");
      this.#view.setBigInt64(at, value);
    } else {
      if (!Number.isSafeInteger(value)) throw outOfRange(value, "an integer below 2^53");
      this.#view.setInt32(at, Math.floor(value / TWO_TO_32));
      this.#view.setUint32(at + 4, value % TWO_TO_32);
    }
    this.#length += 8;
  }

  /** Writes bytes that are given in hex. */
  hex(digits: string): void {
    const count = digits.length / 2;
    this.#reserve(count);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let index = 0; index < count; index++)
      bytes[start + index] =
        (toDigit(digits.charCodeAt(2 * index)) << 4) | toDigit(digits.charCodeAt(2 * index + 1));
    this.#length = start + count;
  }

  /** Writes a string of ASCII characters only. */
  ascii(value: string): void {
    this.#reserve(value.length);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let index = 0; index < value.length; index++) bytes[start + index] = value.charCodeAt(index);
    this.#length = start + value.length;
  }

  /**
   * Writes a string that JSON has as it is: printable ASCII without quotes and backslashes. Most are.
   *
   * @returns false, with nothing written, for any other string
   */
  plain(value: string): boolean {
    this.#reserve(value.length);
    const bytes = this.#bytes;
    const start = this.#length;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return false;
      bytes[start + index] = code;
    }
    this.#length = start + value.length;
    return true;
  }

  /** Writes a string in UTF-8. */
  utf8(value: string): void {
    if (this.plain(value)) return;
    this.#reserve(value.length * UTF8_BYTES_MAX);
    this.#length += this.#bytes.write(value, this.#length, "utf8");
  }

  toString(): string {
    return this.#bytes.toString("utf8", 0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, 2 * this.#bytes.length));
  }

  #resize(size: number): void {
    const bytes = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
    this.#view = toView(bytes);
  }
}

/** Returns the value of a hex digit by its character code. A branch would go either way at random, and cost as much again. */
function toDigit(code: number): number {
  return (code & 15) + 9 * (code >> 6);
}

function toView(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function outOfRange(value: bigint | number, range: string): RangeError {
  return new RangeError(`The number ${value} is out of range. Use ${range}.`);
}
