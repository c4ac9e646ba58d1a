import { createHash } from "node:crypto";
import type { Entry, Opening } from "../../src/core/entry.js";

/*
 * The hash chain, written a second time from its definition with JSON.stringify. It shares no code with the rules.
 */

/** The part of an entry that its hash covers. */
export type Hashed = Omit<Entry, "hash" | "position">;

/** Returns SHA-256 of a string in UTF-8, in hex. */
export function sha256(string: string): string {
  return createHash("sha256").update(string, "utf8").digest("hex");
}

/** Returns the hash of an entry that follows a hash. */
export function toHash(previous: string, entry: Hashed): string {
  return sha256(`${previous}\n${toCanonical(entry)}`);
}

/** Returns the canonical form of an entry in its version. */
export function toCanonical(entry: Hashed): string {
  return JSON.stringify(entry.version === 1 ? toVersion1(entry) : toVersion2(entry));
}

/** Returns the digest of an entry's free text, or null when it has none. */
export function toDigest({ salt, title, facts }: Pick<Entry, "salt" | "title" | "facts">): string | null {
  const texts = pairs({
    title,
    description: facts.description,
    sourceLabel: facts.source === null ? null : facts.source.label,
    member: facts.member === null ? null : facts.member.id,
    cost: facts.cost === null ? null : `${facts.cost}`,
    metadata: facts.metadata === null ? null : sorted(facts.metadata),
    privateMetadata: facts.privateMetadata === null ? null : sorted(facts.privateMetadata),
  });
  return texts.length === 0 ? null : sha256(`${salt}\n${JSON.stringify(texts)}`);
}

function toVersion2({ facts, opens, draws, ...entry }: Hashed): readonly unknown[] {
  return [
    2,
    entry.account,
    entry.seq,
    entry.kind,
    entry.type,
    `${entry.credits}`,
    `${entry.balance}`,
    entry.occurredAt,
    entry.recordedAt,
    entry.key,
    entry.fingerprint,
    draws.map(({ grant, credits }) => [grant, `${credits}`]),
    ...pairs({
      originalCredits: facts.originalCredits === null ? null : `${-facts.originalCredits}`,
      debt: entry.debt === 0n ? null : `${entry.debt}`,
      refundOf: entry.refundOf,
      grant: entry.grant,
      expiry: entry.expiry === null ? null : [entry.expiry.before, entry.expiry.after],
      opens: opens === null ? null : toOpening(opens),
      source: facts.source === null ? null : [facts.source.type, facts.source.id],
      project: facts.project === null ? null : facts.project.id,
      task: facts.task === null ? null : facts.task.id,
      price: facts.price,
      quantities: facts.quantities === null ? null : sorted(facts.quantities),
      estimated: facts.estimated,
      digest: entry.digest,
    }),
  ];
}

function toOpening({ credits, priority, effectiveAt, expiresAt, only }: Opening): readonly unknown[] {
  return [`${credits}`, priority, effectiveAt, expiresAt, ...(only === null ? [] : [only])];
}

function toVersion1({ facts, ...entry }: Hashed): readonly unknown[] {
  const { source, project } = facts;
  return [
    1,
    entry.account,
    entry.seq,
    entry.kind,
    entry.title,
    `${entry.credits}`,
    facts.originalCredits === null ? null : `${-facts.originalCredits}`,
    `${entry.balance}`,
    facts.description,
    source === null ? null : [source.type, source.id, source.label],
    project === null ? null : project.id,
    entry.occurredAt,
    entry.recordedAt,
    entry.key,
    entry.fingerprint,
    entry.draws.map(({ grant, credits }) => [grant, `${credits}`]),
    `${entry.debt}`,
    entry.refundOf,
    JSON.stringify(sorted(facts.metadata ?? {})),
  ];
}

/** Returns the name and value of each field that is not null or undefined, one after the other. */
export function pairs(fields: object): unknown[] {
  return Object.entries(fields)
    .filter(([, value]) => value != null)
    .flat();
}

/** Returns a record with its names in order. */
export function sorted(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .map((name) => [name, (record as Record<string, unknown>)[name]]),
  );
}
