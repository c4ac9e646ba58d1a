import { type Ledger, toError } from "@credit-activity/client";
import { z } from "zod";
import type { Hold, HoldStatus } from "../core/entry.js";
import * as field from "../core/fields.js";
import { type Instant, isInstant } from "../core/instant.js";
import { listHolds, readHold } from "../queries/holds.js";
import { checkOptions, type MethodOptions, settled } from "./calls.js";
import { type Scope, toNextCursor, toPart } from "./cursor.js";
import { readPart, toFactRecords } from "./fitting.js";
import { check, checkValue } from "./inputs.js";
import { requireKnown, toAccountId } from "./known.js";
import * as request from "./requests.js";

/** The methods that read holds. */
export type HoldReadMethods = Pick<Ledger, "holds" | "getHold">;

type HoldReadOptions = Pick<MethodOptions, "database" | "labels" | "presenter" | "now">;

/** The place of a hold in its list: its time of creation and its id. */
const HOLD_PLACE = z.tuple([
  z.custom<Instant>((value) => typeof value === "number" && isInstant(value)),
  field.holdId,
]);

function toPlace({ createdAt, id }: Hold): [Instant, string] {
  return [createdAt, id];
}

/** Makes the methods that read holds. */
export function createHoldReadMethods({
  database,
  labels,
  presenter,
  now,
}: HoldReadOptions): HoldReadMethods {
  async function list(id: string, status: HoldStatus | null, query: request.PartQuery) {
    const scope: Scope = ["holds", id, status];
    const at = now();
    const { items, count } = await readPart(toPart(query, scope, HOLD_PLACE), {
      read: (place, limit) => {
        const from = place === null ? null : { createdAt: place[0], id: place[1] };
        return listHolds(database, id, { status, from, limit }, at);
      },
      toPlace,
      toRecords: toFactRecords,
    });
    if (items.length === 0) await requireKnown(database, id, now);
    const shown = items.slice(0, count);
    const toLabel = await labels.read(
      id,
      shown.map(({ facts }) => facts),
    );
    return {
      holds: shown.map((hold) => presenter.hold(hold, toLabel)),
      nextCursor: toNextCursor(items, count, scope, toPlace),
    };
  }

  async function read(id: string, hold: string) {
    const found = await readHold(database, id, hold, now());
    if (found === null) {
      await requireKnown(database, id, now);
      throw toError({
        code: "hold_not_found",
        detail: `The hold "${hold}" does not exist on the account. Use the id that hold returned.`,
      });
    }
    return presenter.hold(found, await labels.read(id, [found.facts]));
  }

  return {
    async holds(account, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      const { status, ...part } = check(request.holdsQuery, query);
      return settled(list(id, status, part), signal);
    },

    async getHold(account, hold, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return settled(read(id, checkValue(field.holdId, "hold", hold)), signal);
    },
  };
}
