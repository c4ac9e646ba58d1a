import { createLane, type Lane, type LaneOptions } from "./lane.js";

/** Gathers commands that arrive together into batches, one transaction each: several lanes that look like one. */
export type Writer = Lane;

/**
 * Makes a writer with one lane for each transaction the database can run at once. An account always goes to the same
 * lane, so its commands keep their order and batches of one server never wait for each other's locks.
 */
export function createWriter(options: LaneOptions): Writer {
  const lanes = Array.from({ length: options.database.concurrency }, () => createLane(options));
  return {
    submit: (command) => (lanes[laneOf(command.account, lanes.length)] as Lane).submit(command),
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** A number from 0 to `lanes - 1` that depends on the account alone (FNV-1a over its UTF-16 units). */
function laneOf(account: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < account.length; index++) {
    hash = Math.imul(hash ^ account.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % lanes;
}
