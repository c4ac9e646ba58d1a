import { type Amount, fromMicros, negateAmount } from "@credit-activity/client";
import type { Command, CommandName, SingleCommand, UsageCommand } from "./commands.js";
import type { Draw } from "./draw.js";
import { PERSON } from "./free-text.js";
import type { AccountHistory, Recorded } from "./history.js";
import { listAccepted, toMs } from "./lifetimes.js";

/** The next thing that a client does. */
export type Step =
  /** Sends a new command, or sends it to several servers at the same time. */
  | { readonly kind: "single"; readonly recorded: Recorded; readonly copies: number }
  /** Sends new events of usage in one request. */
  | { readonly kind: "usage"; readonly recorded: readonly Recorded[] }
  /** Sends a command again that was accepted. */
  | { readonly kind: "repeat"; readonly recorded: Recorded }
  /** Sends another command with a key that was used before. */
  | { readonly kind: "conflict"; readonly original: Recorded; readonly command: SingleCommand };

/** The kinds of steps and their weights. Those that find nothing to refer to become a grant. */
const STEPS = [
  { name: "spend", weight: 30 },
  { name: "grant", weight: 15 },
  { name: "usage", weight: 12 },
  { name: "hold", weight: 12 },
  { name: "settle", weight: 8 },
  { name: "extend", weight: 6 },
  { name: "release", weight: 3 },
  { name: "refund", weight: 7 },
  { name: "adjust", weight: 4 },
  { name: "writeOff", weight: 4 },
  { name: "voidGrant", weight: 5 },
  { name: "extendGrant", weight: 5 },
  { name: "closeAccount", weight: 3 },
  { name: "anonymizeAccount", weight: 3 },
  { name: "repeat", weight: 8 },
  { name: "conflict", weight: 3 },
] as const;

/** The share of steps that go to the first account. */
const HOT = 0.4;

/** The share of single commands that go to two servers at the same time. */
const COPIED = 0.08;

const EVENTS_MAX = 40;

/** The number of last commands that refunds, settlements and repetitions refer to. */
const RECENT = 60;

const SOURCES = ["small", "large"].map((id) => ({ type: "model", id, label: `${PERSON}'s ${id} model` }));
const PROJECTS = [...["site", "app"].map((id) => ({ id, label: `${PERSON}'s ${id}` })), null];

const COST: Amount = "0.01";

/** The kinds of usage that may draw on grants. Nothing is used of runtime. */
const ONLY = [null, null, null, null, ["build_usage"], ["ai_usage", "build_usage"], ["runtime_usage"]];

/**
 * The accounts of which every third one has a part: some may be closed once they have had some commands, and some have no
 * corrections that take credits. There, nothing but its end takes credits of a grant for kinds that nobody uses.
 */
const THIRD = 3;
const CLOSABLE = 2;
const CLOSABLE_AFTER = 12;
const UNCORRECTED = 0;

/**
 * Plans the next step of a client. The draws depend on the seed alone. The entries and holds that a step refers to depend
 * on the responses too.
 *
 * @param key the beginning of the keys of the step
 */
export function plan(draw: Draw, accounts: readonly AccountHistory[], key: string): Step {
  const drawn = draw.chance(HOT) ? (accounts[0] as AccountHistory) : draw.pick(accounts);
  const { name } = draw.weighted(STEPS);
  const isEnd = name === "closeAccount" || name === "anonymizeAccount";
  const history = isEnd ? draw.pick(accounts.filter((_, index) => index % THIRD === CLOSABLE)) : drawn;
  switch (name) {
    case "usage": {
      const count = draw.whole(1, draw.chance(0.3) ? EVENTS_MAX : 3);
      const recorded = Array.from({ length: count }, (_, index) => {
        const target = draw.chance(0.5) ? history : draw.pick(accounts);
        return target.add(toUsage(draw, target.account, `${key}-${index}`));
      });
      return { kind: "usage", recorded };
    }
    case "repeat": {
      const recorded = pickRecent(draw, history, () => true);
      if (recorded !== null) return { kind: "repeat", recorded };
      break;
    }
    case "conflict": {
      const original = pickRecent(draw, history, ({ command }) => toOther(command) !== null);
      const command = original && toOther(original.command);
      if (original && command) return { kind: "conflict", original, command };
      break;
    }
  }
  const mayTake = accounts.indexOf(history) % THIRD !== UNCORRECTED || history === accounts[0];
  const command =
    (name === "repeat" || name === "conflict" ? null : toSingle(draw, name, history, key, mayTake)) ??
    toGrant(draw, history.account, key);
  return { kind: "single", recorded: history.add(command), copies: draw.chance(COPIED) ? 2 : 1 };
}

/** Returns another command with the key of a command, or null where its payload can't differ. */
function toOther(command: Command): SingleCommand | null {
  const { name, input } = command;
  if (name === "usage" || name === "release" || name === "anonymizeAccount") return null;
  if (name === "extend") return { ...command, input: { expiresIn: (input.expiresIn ?? 0) + 1 } };
  return { ...command, input: { ...command.input, description: "Another payload" } } as SingleCommand;
}

function toSingle(
  draw: Draw,
  name: Exclude<CommandName, "usage">,
  history: AccountHistory,
  key: string,
  mayTake: boolean,
): SingleCommand | null {
  const base = { account: history.account, key, hold: null };
  const described = toDescribed(key);
  const input = { credits: toCredits(draw, 5), ...described };
  switch (name) {
    case "grant":
      return toGrant(draw, history.account, key);
    case "spend":
      return {
        ...base,
        name,
        input: { ...input, ...toAttributes(draw), cost: COST, atMost: draw.chance(0.2) },
      };
    case "hold": {
      const expiresIn = draw.pick([1, 6, 3_600, 3_600]);
      return { ...base, name, input: { ...input, ...toAttributes(draw), expiresIn } };
    }
    case "settle": {
      const hold = pickHold(draw, history);
      if (hold === null) return null;
      const excess = draw.pick(["refuse", "cap", "debt"] as const);
      const credits = draw.chance(0.1) ? ("0" as const) : input.credits;
      return { ...base, name, hold, input: { ...input, credits, excess } };
    }
    case "extend": {
      const hold = pickHold(draw, history);
      return hold === null
        ? null
        : { ...base, name, hold, input: { expiresIn: draw.pick([1, 4, 8, 3_600]) } };
    }
    case "release": {
      const hold = pickHold(draw, history);
      return hold === null ? null : { ...base, name, hold, input: {} };
    }
    case "refund": {
      const returned = pickRecent(draw, history, ({ response }) => {
        const entry = response?.entry;
        return entry?.credits.startsWith("-") === true;
      });
      const entry = returned?.response?.entry?.seq;
      if (entry === undefined) return null;
      const part = draw.chance(0.5) ? { credits: toCredits(draw, 1) } : {};
      return { ...base, name, input: { entry, ...described, ...part } };
    }
    case "adjust": {
      const credits = draw.chance(0.5) && mayTake ? negateAmount(input.credits) : input.credits;
      return { ...base, name, input: { credits, ...described } };
    }
    case "writeOff":
      return mayTake ? { ...base, name, input } : null;
    case "voidGrant": {
      const grant = pickGrant(draw, history);
      return grant === null ? null : { ...base, name, input: { grant, ...described } };
    }
    case "extendGrant": {
      const grant = pickGrant(draw, history);
      const lifeMs = draw.pick([null, 10_000, 7_200_000, 7_200_000]);
      const expiresAt = lifeMs === null ? null : new Date(Date.now() + lifeMs).toISOString();
      return grant === null ? null : { ...base, name, input: { grant, expiresAt, ...described } };
    }
    case "closeAccount":
      return history.accepted.length < CLOSABLE_AFTER ? null : { ...base, name, input: described };
    case "anonymizeAccount":
      return history.firstSentMs("closeAccount") === null ? null : { ...base, name, input: {} };
  }
}

/** Makes the free text of a command. */
function toDescribed(key: string) {
  const [metadata, privateMetadata] = [{ by: PERSON }, { note: PERSON }];
  return { description: `${PERSON}, ${key}`, metadata, privateMetadata };
}

/** Makes a grant. Some expire or become effective within seconds, so that much comes due during the faults. */
function toGrant(draw: Draw, account: string, key: string): SingleCommand {
  const kind = draw.pick(["purchase", "bonus", "monthly_grant", "manual_grant"]);
  const effectiveMs = draw.pick([0, 0, 0, 0, 0, 2_000, 3_600_000]);
  const lifeMs = draw.pick([null, null, 4_000, 8_000, 3_600_000]);
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  return {
    name: "grant",
    account,
    key,
    hold: null,
    input: {
      kind,
      credits: toCredits(draw, 25),
      ...toDescribed(key),
      ...(kind === "bonus" ? { title: `${PERSON}'s bonus` } : {}),
      priority: draw.pick([10, 100]),
      only: draw.pick(ONLY),
      ...(effectiveMs === 0 ? {} : { effectiveAt: at(effectiveMs) }),
      ...(lifeMs === null ? {} : { expiresAt: at(effectiveMs + lifeMs) }),
    },
  };
}

function toUsage(draw: Draw, account: string, key: string): UsageCommand {
  const ageMs = draw.pick([0, 0, 0, 20_000, 400_000]);
  const occurredAt = ageMs === 0 ? {} : { occurredAt: new Date(Date.now() - ageMs).toISOString() };
  const kind = draw.pick(["ai_usage", "build_usage"]);
  const input = {
    kind,
    credits: toCredits(draw, 0.5),
    ...toDescribed(key),
    ...toAttributes(draw),
    ...occurredAt,
    cost: COST,
  };
  return { name: "usage", account, key, hold: null, input };
}

function toAttributes(draw: Draw) {
  const project = draw.pick(PROJECTS);
  return { source: draw.pick(SOURCES), member: PERSON, ...(project === null ? {} : { project }) };
}

/** Draws an amount of at most `max` credits, with six decimals. */
function toCredits(draw: Draw, max: number): Amount {
  return fromMicros(BigInt(draw.whole(1, max * 1_000_000)));
}

/** Picks a hold of the account. Most are open, and another client may end the same one at the same time. */
function pickHold(draw: Draw, history: AccountHistory): string | null {
  const ends = history.accepted.slice(-RECENT).filter(({ command }) => command.name !== "extend");
  const ended = new Set(ends.map(({ command }) => command.hold));
  const now = new Date().toISOString();
  const wantsOpen = draw.chance(0.8);
  const opened = pickRecent(draw, history, ({ command, response }) => {
    const hold = response?.hold;
    if (command.name !== "hold" || hold == null) return false;
    return !wantsOpen || (hold.expiresAt > now && !ended.has(hold.id));
  });
  return opened?.response?.hold?.id ?? null;
}

/** Picks a grant of the account. Most are live, and another client may void the same one at the same time. */
function pickGrant(draw: Draw, history: AccountHistory): number | null {
  const voided = new Set(listAccepted(history, "voidGrant").map(({ command }) => command.input.grant));
  const wantsLive = draw.chance(0.9);
  const granted = pickRecent(draw, history, ({ command, response }) => {
    if (command.name !== "grant") return false;
    const isLive = toMs(command.input.expiresAt) > Date.now() && !voided.has(response?.entry?.seq ?? 0);
    return !wantsLive || isLive;
  });
  return granted?.response?.entry?.seq ?? null;
}

/** Picks one of the commands that were accepted last, or null if none matches. */
function pickRecent(
  draw: Draw,
  { accepted }: AccountHistory,
  matches: (recorded: Recorded) => boolean,
): Recorded | null {
  const recent = accepted.slice(-RECENT).filter(matches);
  return recent.length === 0 ? null : draw.pick(recent);
}
