import { expect, test } from "vitest";
import {
  CreditsError,
  createClient,
  ForbiddenError,
  InsufficientCreditsError,
  InvalidRequestError,
  KeyConflictError,
  NotFoundError,
  RefusedError,
  ServerError,
  UnauthorizedError,
  UnavailableError,
} from "../src/index.js";
import { problem, serve } from "./server.js";

const classes = [
  [400, "bad_request", InvalidRequestError],
  [401, "unauthorized", UnauthorizedError],
  [402, "insufficient_credits", InsufficientCreditsError],
  [403, "forbidden", ForbiddenError],
  [404, "account_not_found", NotFoundError],
  [409, "key_conflict", KeyConflictError],
  [409, "hold_closed", RefusedError],
  [413, "payload_too_large", InvalidRequestError],
  [415, "unsupported_media_type", InvalidRequestError],
  [422, "occurred_in_future", RefusedError],
  [500, "internal", ServerError],
] as const;

test.each(classes)("%i %s has its own class", async (status, code, errorClass) => {
  const { baseUrl } = await serve((_, response) => problem(response, status, code));
  const error = await createClient({ baseUrl, token: "t" })
    .spend("acme", { credits: "1" })
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(errorClass);
  expect(error).toBeInstanceOf(CreditsError);
  expect(error).toMatchObject({ status, code, name: errorClass.name, problem: { code, status } });
  expect((error as Error).message).toContain(
    `POST /v1/accounts/acme/spend failed with ${status} ${code}: It is`,
  );
});

test("insufficient credits say what is available", async () => {
  const { baseUrl } = await serve((_, response) =>
    problem(response, 402, "insufficient_credits", { available: "3.5" }),
  );
  const error = await createClient({ baseUrl, token: "t" })
    .spend("acme", { credits: "4" })
    .catch((e: unknown) => e);
  expect(error).toMatchObject({ available: "3.5" });
});

test("a bad request says what is wrong where", async () => {
  const errors = [{ path: "credits", message: "has more than 6 decimals" }];
  const { baseUrl } = await serve((_, response) => problem(response, 400, "bad_request", { errors }));
  const error = await createClient({ baseUrl, token: "t" })
    .spend("acme", { credits: "0.1234567" })
    .catch((e: unknown) => e);
  expect(error).toMatchObject({ errors });
  expect((error as Error).message).toContain("credits: has more than 6 decimals");
});

test("a proxy's HTML 502 becomes an UnavailableError with its beginning", async () => {
  const { baseUrl, received } = await serve((_, response) => {
    response.writeHead(502, { "content-type": "text/html" }).end("<html>\n <h1>Bad Gateway</h1></html>");
  });
  const error = await createClient({ baseUrl, token: "t", retries: 1, retryDelayMs: 1 })
    .getAccount("acme")
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ status: 502, problem: null, code: "unavailable" });
  expect((error as Error).message).toContain('beginning with "<html> <h1>Bad Gateway</h1></html>"');
  expect(received).toHaveLength(2);
});

test("an HTML 404 is a NotFoundError without a problem", async () => {
  const { baseUrl } = await serve((_, response) => {
    response.writeHead(404, { "content-type": "text/html" }).end("<h1>No such page</h1>");
  });
  const error = await createClient({ baseUrl, token: "t" })
    .getAccount("acme")
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ status: 404, code: "not_found", problem: null });
});

test.each(["<!doctype html><title>App</title>", "", "null", '"ok"'])(
  "a success that is not a JSON object is a ServerError: %j",
  async (text) => {
    const { baseUrl } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end(text);
    });
    await expect(createClient({ baseUrl, token: "t" }).getAccount("acme")).rejects.toMatchObject({
      name: "ServerError",
      code: "unexpected_response",
    });
  },
);
