import { CommandError, type DatabaseFlags, print, requireDatabase, withLedger } from "./open.js";

/** Creates a secret key and prints it. Only its digest is stored. */
export async function createKey(flags: DatabaseFlags & { name: string }): Promise<void> {
  await withLedger(flags, async (ledger) => {
    const { id, key } = await ledger.createKey({ name: flags.name });
    print(key);
    process.stderr.write(`Created the key ${id} ("${flags.name}"). Store it now. It can't be shown again.\n`);
  });
}

/** Lists the secret keys by their ids and last characters. */
export async function listKeys(flags: DatabaseFlags): Promise<void> {
  await requireDatabase(flags);
  await withLedger(flags, async (ledger) => {
    for (const { id, hint, name, createdAt, revokedAt } of await ledger.listKeys()) {
      const state = revokedAt === null ? "in use" : `revoked ${toDay(revokedAt)}`;
      print(`${id}  …${hint}  created ${toDay(createdAt)}  ${state}  ${name}`);
    }
  });
}

/** Revokes a secret key. Servers that have cached it accept it for up to five more seconds. */
export async function revokeKey(id: string, flags: DatabaseFlags): Promise<void> {
  await requireDatabase(flags);
  await withLedger(flags, async (ledger) => {
    if (!(await ledger.revokeKey(id))) {
      throw new CommandError(`There is no key "${id}". List the keys with: credit-activity keys list`);
    }
    print(`Revoked ${id}.`);
  });
}

/** Returns the day of an RFC 3339 time. */
function toDay(time: string): string {
  return time.slice(0, 10);
}
