import { KNOWN_KEY } from "../../db/errors.js";
import { toArrays, toTable, withAccount } from "../../db/tables/columns.js";
import { collect, type Projection } from "./projection.js";

const GIVEN = withAccount<string>([{ name: "key", array: "text", value: (key) => key }]);

/** Fails when a key is known. Among entries a unique index does this; across entries and holds this does. */
const CHECK_KEYS = `
  SELECT credits.fail('${KNOWN_KEY}', NULL) FROM ${toTable("given", GIVEN)}
  CROSS JOIN LATERAL (
    (SELECT FROM credits.entries e WHERE e.account = given.account AND e.key = given.key LIMIT 1)
    UNION ALL (SELECT FROM credits.holds h WHERE h.account = given.account AND h.key = given.key LIMIT 1)
    UNION ALL (SELECT FROM credits.holds h WHERE h.account = given.account AND h.release_key = given.key LIMIT 1)
    UNION ALL (SELECT FROM credits.hold_extensions x WHERE x.account = given.account AND x.key = given.key LIMIT 1)
  ) found`;

const NONE: readonly string[] = [];

/** Checks the keys that accounts with holds use for the first time. */
export const projectKeys: Projection = (changes) => {
  const keys = collect(changes, ({ cached, result }) => {
    if (!cached.hasHeld) return NONE;
    const { entries, holds } = result.changes;
    return [
      ...entries.map(({ key }) => key),
      ...holds.map(({ hold, before }) =>
        before === null ? hold.key : (hold.extension?.key ?? hold.releaseKey),
      ),
    ].filter((key) => key !== null);
  });
  if (keys.length === 0) return [];
  return [{ name: "keys", cte: null, check: CHECK_KEYS, params: toArrays(GIVEN, keys) }];
};
