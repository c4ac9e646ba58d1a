import { ByteWriter } from "../bytes.js";

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/**
 * Writes a JSON array, byte for byte as `JSON.stringify` would, item after item. Every entry is written so twice to be
 * digested, which is why it makes no array, no text and no garbage on the way.
 */
export class JsonArray {
  readonly #to = new ByteWriter(4096);
  /** Whether nothing stands in the innermost array yet. */
  #isEmpty = true;

  /** Begins anew. */
  begin(): this {
    this.#to.reset();
    this.#isEmpty = true;
    return this.open();
  }

  /** Begins anew, under a line of ASCII that belongs to what is written. */
  beginUnder(line: string): this {
    this.#to.reset();
    this.#to.ascii(line);
    this.#to.byte(LINE_FEED);
    this.#isEmpty = true;
    return this.open();
  }

  /** Begins an array within the array. */
  open(): this {
    this.#separate();
    this.#to.byte(OPEN);
    this.#isEmpty = true;
    return this;
  }

  close(): this {
    this.#to.byte(CLOSE);
    this.#isEmpty = false;
    return this;
  }

  text(text: string | null): this {
    this.#separate();
    if (text === null) this.#to.ascii("null");
    else this.#quoted(text);
    return this;
  }

  number(number: number | null): this {
    this.#separate();
    this.#to.ascii(`${number}`);
    return this;
  }

  /** An amount as a text of its digits. */
  digits(amount: bigint | null): this {
    return this.text(amount === null ? null : amount.toString());
  }

  /** Ends the array, and answers its bytes; they are overwritten when another is begun. */
  end(): Buffer {
    this.close();
    return this.#to.written;
  }

  #separate(): void {
    if (!this.#isEmpty) this.#to.byte(COMMA);
    this.#isEmpty = false;
  }

  #quoted(text: string): void {
    const before = this.#to.length;
    this.#to.byte(QUOTE);
    if (this.#to.plain(text)) {
      this.#to.byte(QUOTE);
      return;
    }
    this.#to.backTo(before);
    this.#to.utf8(JSON.stringify(text));
  }
}
