import { formatInstant } from "../ledger/instant.js";
import { CommandError, type DatabaseFlags, print, requireDatabase, withCredits } from "./open.js";

/** Makes a secret key and prints it: this once, for only its digest is kept. */
export async function createKey(flags: DatabaseFlags & { name: string }): Promise<void> {
  await withCredits(flags, async (credits) => {
    const { id, key } = await credits.createKey({ name: flags.name });
    print(key);
    process.stderr.write(`Made the key ${id} ("${flags.name}"). Keep it now; it can't be shown again.\n`);
  });
}

/** Lists the keys: never the keys themselves. */
export async function listKeys(flags: DatabaseFlags): Promise<void> {
  await requireDatabase(flags);
  await withCredits(flags, async (credits) => {
    for (const key of await credits.listKeys()) {
      const state =
        key.revokedAt === null ? "in use" : `revoked ${formatInstant(key.revokedAt).slice(0, 10)}`;
      print(
        `${key.id}  …${key.hint}  made ${formatInstant(key.createdAt).slice(0, 10)}  ${state}  ${key.name}`,
      );
    }
  });
}

/** Revokes a key. Servers that have just seen it may accept it for five more seconds. */
export async function revokeKey(id: string, flags: DatabaseFlags): Promise<void> {
  await requireDatabase(flags);
  await withCredits(flags, async (credits) => {
    if (!(await credits.revokeKey(id))) {
      throw new CommandError(`There is no key "${id}". List the keys with: credit-activity keys list`);
    }
    print(`Revoked ${id}.`);
  });
}
