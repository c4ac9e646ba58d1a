import { describe, expect, it } from "vitest";
import {
  DatabaseError,
  isConnectionSpent,
  isConnectionUsable,
  isKnownKey,
  isLocked,
  isRetryable,
  isStaleAccount,
  isUnsuitable,
  serverMessage,
  staleAccounts,
  toUnreachableError,
} from "../../src/db/errors.js";

/** An error as the server sends it. */
const refused = (code: string, detail?: string) =>
  Object.assign(new Error("refused"), { code, detail, severity: "ERROR" });

/** An error with a code of Node's. */
const network = (code: string) => Object.assign(new Error("network"), { code });

describe("errors of the database", () => {
  it.each([
    ...[
      "40001",
      "40P01",
      "57014",
      "57P01",
      "57P02",
      "57P03",
      "25P03",
      "08006",
      "08P01",
      "53100",
      "53300",
    ].map((code) => refused(code)),
    ...["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"].map(network),
    ...["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "ECONNABORTED"].map(network),
    new Error("Connection terminated unexpectedly"),
    new Error("Connection terminated due to connection timeout"),
    new Error("timeout exceeded when trying to connect"),
    new Error("Query read timeout"),
    new Error("Client was closed and is not queryable"),
    new Error("Client has encountered a connection error and is not queryable"),
    new DatabaseError("unavailable", "The database is away. Wait."),
  ])("let the same transaction run again: %o", (error) => {
    expect(isRetryable(error)).toBe(true);
    expect(isConnectionSpent(error)).toBe(false);
  });

  it.each([
    Object.assign(refused("0A000"), { routine: "RevalidateCachedQuery" }),
    Object.assign(refused("0A000"), { routine: "call_bool_check_hook" }),
    ...["26000", "42P05", "25006"].map((code) => refused(code)),
  ])("let it run again on another connection: %o", (error) => {
    expect(isRetryable(error)).toBe(true);
    expect(isConnectionSpent(error)).toBe(true);
    expect(isConnectionUsable(error)).toBe(false);
  });

  it.each([
    ...[
      "0A000",
      "22021",
      "23514",
      "42601",
      "42501",
      "P0001",
      "LE001",
      "LE002",
      "23505",
      "55P03",
      "XX000",
    ].map((code) => refused(code)),
    network("EACCES"),
    network("constructor"),
    new Error("something else"),
    new DatabaseError("closed", "The database is closed. Open it."),
    new DatabaseError("locked", "The account is locked. Wait."),
    "text",
    null,
    undefined,
  ])("do not let it run again: %o", (error) => {
    expect(isRetryable(error)).toBe(false);
    expect(isConnectionSpent(error)).toBe(false);
  });

  it("are a person's to cure when they concern the schema or rights", () => {
    for (const code of ["0A000", "42P01", "42501", "42703"]) expect(isUnsuitable(refused(code))).toBe(true);
    for (const code of ["42P05", "23514", "XX000", "08006"]) expect(isUnsuitable(refused(code))).toBe(false);
    expect(isUnsuitable(network("42"))).toBe(false);
  });

  it("have the words of the server", () => {
    expect(serverMessage(refused("53100"))).toBe("refused (SQLSTATE 53100)");
    expect(serverMessage(network("EPIPE"))).toBeNull();
    expect(serverMessage(new Error("Query read timeout"))).toBeNull();
  });

  it("distinguish locked accounts, stale accounts and known keys", () => {
    const isWhich = (error: unknown) => [isLocked(error), isStaleAccount(error), isKnownKey(error)];
    expect(isWhich(refused("55P03"))).toEqual([true, false, false]);
    expect(isWhich(new DatabaseError("locked", "The account is locked. Wait."))).toEqual([
      true,
      false,
      false,
    ]);
    expect(isWhich(refused("LE001"))).toEqual([false, true, false]);
    expect(isWhich(refused("LE002"))).toEqual([false, false, true]);
    expect(isWhich(refused("23505"))).toEqual([false, false, true]);
    expect(isWhich(refused("40001"))).toEqual([false, false, false]);
  });

  it("name stale accounts where the server does", () => {
    expect(staleAccounts(refused("LE001", '["a","b"]'))).toEqual(["a", "b"]);
    expect(staleAccounts(refused("LE001"))).toBeNull();
    expect(staleAccounts(refused("LE002", '["a"]'))).toBeNull();
  });

  it("leave a connection usable only where the server refused a statement", () => {
    expect(isConnectionUsable(refused("23505"))).toBe(true);
    expect(isConnectionUsable(Object.assign(refused("57P01"), { severity: "FATAL" }))).toBe(false);
    expect(isConnectionUsable(new Error("Query read timeout"))).toBe(false);
  });

  it("name the place of a server that cannot be reached, without its password", () => {
    const url = "postgres://nobody:hidden@127.0.0.1:1/none";
    const refusedTwice = Object.assign(new AggregateError([network("::1"), new Error("127.0.0.1")], ""), {
      code: "ECONNREFUSED",
    });
    const error = toUnreachableError(url, refusedTwice) as DatabaseError;
    expect(error).toMatchObject({ name: "DatabaseError", kind: "unavailable", cause: refusedTwice });
    expect(error.message).toMatch(
      /"none" at 127\.0\.0\.1:1 can't be used as "nobody": network; 127\.0\.0\.1\. /,
    );
    expect(error.message).not.toContain("hidden");
    const broken = new Error("Connection terminated unexpectedly");
    expect(toUnreachableError(url, broken)).toMatchObject({ kind: "unavailable", cause: broken });
    for (const other of [new Error("no code"), error, new DatabaseError("unusable", "It is too old.")]) {
      expect(toUnreachableError(url, other)).toBe(other);
    }
  });
});
