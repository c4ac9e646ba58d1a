import type { PartMeter } from "./stream.js";

/** Observes the JSON of a server-sent event. It returns false to leave the event out. */
export type ObserveEvent = (data: unknown) => boolean;

/** The empty row that ends an event. */
const END = /(?:\r\n|\n|\r(?!\n)){2}/;

/** The end of a row. Other separators, such as U+2028, are a part of the row. */
const ROW_END = /\r\n|\n|\r/;
const FIELD = "data:";
const BOM = /^\uFEFF/;

/** Meters the bytes of a stream of server-sent events. It passes whole events on. */
export function meterEvents(observe: ObserveEvent): PartMeter<Uint8Array> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  let open = "";

  const take = (text: string, isLast: boolean): readonly Uint8Array[] => {
    open += text;
    let passed = "";
    for (let end = END.exec(open); end !== null; end = END.exec(open)) {
      const event = open.slice(0, end.index + end[0].length);
      open = open.slice(event.length);
      if (observeEvent(event, observe)) passed += event;
    }
    if (isLast && observeEvent(open, observe)) passed += open;
    return passed === "" ? [] : [encoder.encode(passed)];
  };

  return {
    observe: (bytes) => take(decoder.decode(bytes, { stream: true }), false),
    flush: () => take(decoder.decode(), true),
  };
}

function observeEvent(event: string, observe: ObserveEvent): boolean {
  const rows = event.replace(BOM, "").split(ROW_END);
  const fields = rows.filter((row) => row.startsWith(FIELD));
  const data = fields.map((row) => row.slice(FIELD.length)).join("\n");
  if (data === "") return true;
  try {
    return observe(JSON.parse(data));
  } catch {
    // Some events have no JSON, such as the last one of chat completions.
    return true;
  }
}
