import { z } from "zod";
import { fits } from "../ledger/credits.js";
import { isInstant } from "../ledger/instant.js";
import { USAGE_KINDS } from "../ledger/kinds.js";
import {
  accountId,
  EVENTS_MAX,
  isExact,
  key,
  METADATA_KEYS_MAX,
  obeys,
  RULES,
  type TextRule,
} from "./fields.js";
import { check, spendInput, usageEvent } from "./inputs.js";

/*
 * The short way for the two inputs that come thousands of times a second: checking them by their schemas takes as long as
 * deciding them, and leaves more garbage. It takes only what the schemas take as it is, and leaves everything else to
 * them, which say what is wrong.
 */

const CHARGED = ["kind", "credits", "originalCredits", "source", "project", "description", "metadata"];
const SPEND = new Set(CHARGED);
const USAGE = new Set([...CHARGED, "id", "account", "occurredAt"]);
const SOURCE = new Set(["type", "id", "label"]);
const KINDS: ReadonlySet<unknown> = new Set(USAGE_KINDS);

/** @throws InvalidInputError naming every place of an input to spend that is wrong */
export function checkSpend(input: unknown) {
  return isPlainSpend(input) ? input : check(spendInput, input);
}

const usageEvents = z
  .array(usageEvent)
  .max(EVENTS_MAX, `has more than ${EVENTS_MAX} events; report them in several calls`);

/** @throws InvalidInputError naming every place of usage events that is wrong */
export function checkUsage(events: unknown) {
  return arePlain(events) ? events : check(usageEvents, events);
}

function arePlain(events: unknown): events is z.output<typeof usageEvents> {
  if (!Array.isArray(events) || events.length > EVENTS_MAX) return false;
  // Not `every`, which passes over holes.
  for (let index = 0; index < events.length; index++) if (!isPlainUsage(events[index])) return false;
  return true;
}

/** @throws InvalidInputError saying what is wrong with an account's id */
export function checkAccount(id: unknown): string {
  return obeys(id, RULES.account) ? id : check(accountId, id);
}

const OPTIONS = new Set(["key"]);
const commandOptions = z.strictObject({ key: key.optional() });

/**
 * The key among the options of a command, if there is one.
 *
 * @throws InvalidInputError saying what is wrong with the options
 */
export function checkKey(options: unknown): string | undefined {
  if (options === undefined) return undefined;
  if (hasOnly(options, OPTIONS) && obeys(options.key, RULES.key)) return options.key;
  return check(commandOptions, options).key;
}

/** Whether an input to spend needs no closer look. */
export function isPlainSpend(input: unknown): input is z.output<typeof spendInput> {
  return hasOnly(input, SPEND) && (input.kind === undefined || KINDS.has(input.kind)) && isPlainCharge(input);
}

/** Whether a usage event needs no closer look. */
export function isPlainUsage(event: unknown): event is z.output<typeof usageEvent> {
  return (
    hasOnly(event, USAGE) &&
    KINDS.has(event.kind) &&
    obeys(event.id, RULES.key) &&
    obeys(event.account, RULES.account) &&
    (event.occurredAt == null || (typeof event.occurredAt === "number" && isInstant(event.occurredAt))) &&
    isPlainCharge(event)
  );
}

type Fields = Readonly<Record<string, unknown>>;

function isPlainCharge({
  credits,
  originalCredits,
  source,
  project,
  description,
  metadata,
}: Fields): boolean {
  return (
    isAmount(credits) &&
    (originalCredits == null || isAmount(originalCredits)) &&
    (source == null || isPlainSource(source)) &&
    isOptional(project, RULES.project) &&
    isOptional(description, RULES.description) &&
    (metadata === undefined || isPlainMetadata(metadata))
  );
}

function isPlainSource(source: unknown): boolean {
  return (
    hasOnly(source, SOURCE) &&
    obeys(source.type, RULES.sourceType) &&
    isOptional(source.id, RULES.sourceId) &&
    obeys(source.label, RULES.sourceLabel)
  );
}

function isPlainMetadata(metadata: unknown): boolean {
  if (!isRecord(metadata)) return false;
  const keys = Reflect.ownKeys(metadata);
  if (keys.length > METADATA_KEYS_MAX) return false;
  return keys.every(
    (name) => name !== "__proto__" && obeys(name, RULES.metadataKey) && isFact(metadata[name]),
  );
}

function isFact(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && isExact(value);
  return typeof value === "boolean" || obeys(value, RULES.metadataText);
}

const isAmount = (value: unknown) => typeof value === "bigint" && fits(value);
const isOptional = (value: unknown, rule: TextRule) => value == null || obeys(value, rule);

/** Whether a value is an object as literals make it. */
function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function hasOnly(value: unknown, names: ReadonlySet<string>): value is Fields {
  if (!isRecord(value)) return false;
  for (const name in value) if (!names.has(name)) return false;
  return true;
}
