import { expect, expectTypeOf, test } from "vitest";
import {
  type Amount,
  createLedgerClient,
  ForbiddenError,
  InsufficientCreditsError,
  InvalidRequestError,
  KeyConflictError,
  LedgerError,
  NotFoundError,
  PROBLEM_CODES,
  PROBLEMS,
  type Problem,
  type ProblemCode,
  RefusedError,
  ServerError,
  toError,
  toProblem,
  UnauthorizedError,
  UnavailableError,
} from "../src/index.js";
import { problem, serve } from "./server.js";

const CLASSES = [
  ["bad_request", InvalidRequestError],
  ["unauthorized", UnauthorizedError],
  ["insufficient_credits", InsufficientCreditsError],
  ["forbidden", ForbiddenError],
  ["not_found", NotFoundError],
  ["account_not_found", NotFoundError],
  ["grant_not_found", NotFoundError],
  ["entry_not_found", NotFoundError],
  ["hold_not_found", NotFoundError],
  ["row_not_found", NotFoundError],
  ["key_conflict", KeyConflictError],
  ["account_closed", RefusedError],
  ["account_open", RefusedError],
  ["grant_ended", RefusedError],
  ["hold_closed", RefusedError],
  ["payload_too_large", InvalidRequestError],
  ["unsupported_media_type", InvalidRequestError],
  ["not_refundable", RefusedError],
  ["refund_exceeds_entry", RefusedError],
  ["occurred_in_future", RefusedError],
  ["not_extended", RefusedError],
  ["already_expired", RefusedError],
  ["invalid_amount", RefusedError],
  ["amount_out_of_range", RefusedError],
  ["too_many_attempts", UnavailableError],
  ["internal", ServerError],
  ["unavailable", UnavailableError],
  ["overloaded", UnavailableError],
] as const;

const FACTS: Partial<Record<ProblemCode, Record<string, unknown>>> = {
  insufficient_credits: { available: "3.5", required: "4" },
  hold_closed: { holdStatus: "settled" },
  refund_exceeds_entry: { refundable: "2" },
};

async function spendError(status: number, code: string, more: Record<string, unknown> = {}) {
  const { baseUrl } = await serve((_, response) => problem(response, status, code, more));
  return createLedgerClient({ baseUrl, key: "t", retries: 0 })
    .spend("acme", { credits: "4" })
    .catch((error: unknown) => error);
}

test("every code has a class", () => {
  expect(CLASSES.map(([code]) => code)).toEqual(PROBLEM_CODES);
});

test.each(CLASSES)(
  "%s has the same class, facts and status in-process and over HTTP",
  async (code, Class) => {
    const facts = FACTS[code] ?? {};
    const { status } = PROBLEMS[code];
    const remote = await spendError(status, code, { facts });
    const local = toError({ code, detail: `It is ${code}.`, facts });
    for (const error of [remote, local]) {
      expect(error).toBeInstanceOf(Class);
      expect(error).toBeInstanceOf(LedgerError);
      expect(error).toMatchObject({
        status,
        code,
        facts,
        name: Class.name,
        problem: { code, status, facts },
      });
    }
    expect(local.message).toBe(`It is ${code}.`);
    if (!(remote instanceof UnavailableError)) {
      expect((remote as Error).message).toContain(
        `POST /v1/accounts/acme/spend failed with ${status} ${code}: It is`,
      );
    }
  },
);

test("facts have the types of their code", async () => {
  const error = await spendError(402, "insufficient_credits", { facts: FACTS.insufficient_credits });
  if (!(error instanceof InsufficientCreditsError)) throw error;
  expectTypeOf(error.facts).toEqualTypeOf<{ readonly available: Amount; readonly required: Amount }>();
  expect(error.facts).toEqual({ available: "3.5", required: "4" });
  const closed: LedgerError = toError({
    code: "hold_closed",
    detail: "No.",
    facts: { holdStatus: "expired" },
  });
  expect(closed.is("refund_exceeds_entry")).toBe(false);
  if (!closed.is("hold_closed")) throw closed;
  expectTypeOf(closed.facts.holdStatus).toEqualTypeOf<"settled" | "released" | "expired">();
  expect(closed.facts.holdStatus).toBe("expired");
});

test("the table has the codes of the API", () => {
  expectTypeOf<ProblemCode>().toEqualTypeOf<Problem["code"]>();
});

test("a problem document has the status and title of its code", () => {
  const errors = [{ path: "credits", message: "is missing" }];
  expect(toProblem({ code: "bad_request", detail: "credits is missing.", errors })).toEqual({
    type: "about:blank",
    title: "The request is not valid",
    status: 400,
    detail: "credits is missing.",
    code: "bad_request",
    facts: {},
    errors,
  });
  expect(toProblem({ code: "internal", detail: "No." })).not.toHaveProperty("errors");
});

test("a bad request names its faults with their paths, in its message once", async () => {
  const errors = [{ path: "credits", message: "has more than 6 decimals. Round it" }];
  const detail = "credits has more than 6 decimals. Round it.";
  const error = await spendError(400, "bad_request", { errors, detail });
  expect(error).toMatchObject({ errors });
  expect((error as Error).message).toBe(
    `POST /v1/accounts/acme/spend failed with 400 bad_request: ${detail}`,
  );
  expect(toError({ code: "bad_request", detail: "No.", errors })).toMatchObject({ errors });
});

test.each([
  [402, "unexpected_response", RefusedError, { code: "insufficient_credits" }],
  [402, "unexpected_response", RefusedError, { code: "insufficient_credits", facts: { available: "x" } }],
  [422, "unexpected_response", RefusedError, { code: "invalid_amount", facts: [] }],
  [409, "from_a_newer_server", RefusedError, { code: "from_a_newer_server" }],
  [501, "from_a_newer_server", ServerError, { code: "from_a_newer_server" }],
])("a %i with an unknown code or without its facts is a %s", async (status, code, Class, document) => {
  const error = await spendError(status, "", { facts: {}, ...document });
  expect(error).toBeInstanceOf(Class);
  expect(error).toMatchObject({ code, status });
});

test("a proxy's HTML 502 is an UnavailableError with the beginning of the body", async () => {
  const { baseUrl, received } = await serve((_, response) => {
    response.writeHead(502, { "content-type": "text/html" }).end("<html>\n <h1>Bad Gateway</h1></html>");
  });
  const error = await createLedgerClient({ baseUrl, key: "t", retries: 1, retryDelayMs: 1 })
    .getAccount("acme")
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ status: 502, problem: null, code: "unavailable" });
  expect((error as Error).message).toContain('beginning with "<html> <h1>Bad Gateway</h1></html>"');
  expect(received).toHaveLength(2);
});

test("an HTML 404 is a NotFoundError without a problem document", async () => {
  const { baseUrl } = await serve((_, response) => {
    response.writeHead(404, { "content-type": "text/html" }).end("<h1>No such page</h1>");
  });
  const error = await createLedgerClient({ baseUrl, key: "t" })
    .getAccount("acme")
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ status: 404, code: "not_found", problem: null });
});

test.each(["<!doctype html><title>App</title>", "", "null", '"ok"'])(
  "a successful response without a JSON object is a ServerError: %j",
  async (text) => {
    const { baseUrl } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end(text);
    });
    await expect(createLedgerClient({ baseUrl, key: "t" }).getAccount("acme")).rejects.toMatchObject({
      name: "ServerError",
      code: "unexpected_response",
    });
  },
);
