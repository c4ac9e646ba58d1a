import { digestHold } from "../core/chain.js";
import type { Hold } from "../core/entry.js";
import type { Connection } from "../db/port.js";
import { fromHoldColumns, type HoldColumns, hashHold } from "../db/tables/holds.js";
import { type Check, type Finding, isIn, type Range, toParams } from "./check.js";

/** The number of holds that are read at a time. */
const CHUNK = 2_000;

const HOLDS = `SELECT * FROM credits.holds WHERE ${isIn("account")} ORDER BY account, hold`;

/** Computes the hash of every hold again. */
export const holdHashes: Check = {
  name: "each hold is as it was hashed",
  async find(connection: Connection, range: Range): Promise<Finding | null> {
    for await (const chunk of connection.stream<HoldColumns>(HOLDS, toParams(range), CHUNK)) {
      for (const columns of chunk) {
        const { account } = columns;
        const hold = fromHoldColumns(columns);
        if (
          hasWholeSource(columns) &&
          isTextValid(hold) &&
          columns.record_hash === hashHold({ account, record: hold })
        )
          continue;
        return { account, record: `hold ${hold.id}`, problem: "is not what was hashed" };
      }
    }
    return null;
  },
};

/** True if the source has a type, or there is no source. */
function hasWholeSource({ source_type, source_id, source_label }: HoldColumns): boolean {
  return source_type !== null || (source_id === null && source_label === null);
}

/** True if the digest proves the free text, or the text is erased. A hold without a digest has text that nothing covers. */
function isTextValid({ salt, digest, facts }: Hold): boolean {
  if (digest === null) return true;
  if (salt !== null) return digest === digestHold(salt, facts);
  const { description, source, member, metadata, privateMetadata } = facts;
  const hasLabel = source !== null && source.label !== "";
  return [description, member, metadata, privateMetadata].every((fact) => fact === null) && !hasLabel;
}
