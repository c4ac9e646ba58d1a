import { type EntryResult, type HoldResult, PROBLEMS, type SettleResult } from "@credit-activity/client";
import type { CommandMethods } from "../../api/commands.js";
import { check } from "../../api/inputs.js";
import * as result from "../../api/results.js";
import { COMMON_REFUSALS, type Operation } from "../../core/command.js";
import { DOCUMENTATION, documented } from "../../core/documented.js";
import { ALL_OPERATIONS } from "../../core/operations/index.js";
import type { Parts, Route } from "../route.js";

/** The statuses of problems that every command can have. */
const COMMON = [400, 401, 403, 413, 415, 503];

const RESPONSES = {
  entry: {
    200: ["The first response, for a key that was used before", result.entryResult],
    201: ["The entry that was posted", result.entryResult],
  },
  hold: {
    200: ["The first response, for a key that was used before", result.holdResult],
    201: ["The hold", result.holdResult],
  },
  settlement: {
    200: ["The first response, for a key that was used before", result.settleResult],
    201: ["The entry that was posted, or the hold that was released", result.settleResult],
  },
} as const;

/** The operations whose fields can all be left out. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(["extend", "release", "closeAccount", "anonymizeAccount"]);

/** Runs a command with the parts of a request. */
type Run = (parts: Parts) => Promise<EntryResult | HoldResult | SettleResult>;

/** The routes of the operations. */
export const commandRoutes: readonly Route[] = ALL_OPERATIONS.flatMap(toRoute);

function toRoute(operation: Operation): Route[] {
  const { name, route, schema, result: returns, refusals } = operation;
  if (route === null) return [];
  const statuses = [...COMMON_REFUSALS, ...refusals].map((code) => PROBLEMS[code].status);
  const run = toRun(operation);
  return [
    {
      method: "post",
      path: `/v1/accounts/{account}${route.path}`,
      operationId: name,
      tag: route.tag,
      summary: route.summary,
      ...(route.description === "" ? {} : { description: route.description }),
      hasKey: true,
      body: {
        isRequired: !WITHOUT_BODY.has(name),
        content: {
          "application/json": documented(schema, { ...DOCUMENTATION.get(schema), id: toInputName(name) }),
        },
      },
      responses: RESPONSES[returns],
      problems: [...new Set([...COMMON, ...statuses])].sort(),
      async handle(parts: Parts) {
        const result = await run(parts);
        return { status: result.repeated ? 200 : 201, body: result };
      },
    },
  ];
}

function toRun({ name, schema }: Operation): Run {
  switch (name) {
    case "extend":
      return ({ methods, account, hold, body, key }) => methods.extend(account, hold, body ?? {}, key);
    case "closeAccount":
      return ({ methods, account, body, key }) => methods.closeAccount(account, body ?? {}, key);
    case "anonymizeAccount":
      return ({ methods, account, body, key }) => {
        check(schema, body);
        return methods.anonymizeAccount(account, key);
      };
    case "settle":
      return ({ methods, account, hold, body, key }) => methods.settle(account, hold, body, key);
    case "release":
      return ({ methods, account, hold, body, key }) => {
        check(schema, body);
        return methods.release(account, hold, key);
      };
  }
  const method = name as keyof Pick<
    CommandMethods,
    "grant" | "spend" | "hold" | "refund" | "adjust" | "writeOff" | "voidGrant" | "extendGrant"
  >;
  return ({ methods, account, body, key }) => methods[method](account, body, key);
}

/** Returns the name of an operation's input in the document: `writeOff` has `WriteOffInput`. */
function toInputName(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
}
