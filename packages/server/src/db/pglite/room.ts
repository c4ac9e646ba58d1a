import { statfsSync } from "node:fs";
import { DatabaseError } from "../errors.js";

const MEGABYTE = 1024 * 1024;

/**
 * The room that the disk must have before a transaction writes. PostgreSQL makes its log in files of 16 MB, and a batch
 * writes less than another 16 MB.
 */
export const ROOM_BYTES = 32 * MEGABYTE;

/** The room that a new database takes, besides. */
export const NEW_DATABASE_BYTES = 48 * MEGABYTE;

/** Returns the bytes that a process may still write to the disk of a directory. */
export function readRoom(directory: string): number {
  const { bavail, blocks, bsize } = statfsSync(directory);
  // Some file systems of networks do not state their size.
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
}

/**
 * Refuses to write to a disk without room, before the database fails in the middle of a write.
 *
 * @throws DatabaseError when the disk of a directory has fewer bytes left
 */
export function assertRoom(directory: string, bytes = ROOM_BYTES): void {
  const left = readRoom(directory);
  if (left >= bytes) return;
  throw new DatabaseError(
    "full",
    `The disk of the directory "${directory}" has ${Math.floor(left / MEGABYTE)} MB left, and the embedded database needs ${bytes / MEGABYTE} MB to write. Free room on the disk.`,
  );
}

/** Codes of errors of the file system that a person has to remove the cause of, with the remedy. */
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "Give the user of this process the right to write there, or choose another directory.",
  EPERM: "Give the user of this process the right to write there, or choose another directory.",
  EROFS: "Mount the disk so that it can be written, or choose another directory.",
  ENOTDIR: "Choose a directory instead of a file.",
  EEXIST: "Choose a directory instead of a file.",
  ENOENT: "Choose a directory that can be made.",
  ENOSPC: "Free room on the disk.",
  EDQUOT: "Free room within the quota of the disk.",
};

/** Returns the error of a directory that can't be used, with the remedy where there is a known one. */
export function toDirectoryError(directory: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy = code === undefined ? undefined : REMEDIES[code];
  if (remedy === undefined) return error;
  return new DatabaseError(
    code === "ENOSPC" || code === "EDQUOT" ? "full" : "unusable",
    `The directory "${directory}" of the embedded database can't be written: ${message}. ${remedy}`,
    { cause: error },
  );
}
