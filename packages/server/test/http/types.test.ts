import type * as client from "@credit-activity/client";
import { describe, expectTypeOf, it } from "vitest";
import type { z } from "zod";
import type * as schema from "../../src/http/schemas.js";

/** The client writes amounts as `${number}` and all fields as readonly; on the wire both are plain. */
type Plain<T> = T extends string
  ? `${number}` extends T
    ? string
    : T
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T;

type Answer<S extends z.ZodType> = Plain<z.output<S>>;
type Accepted<S extends z.ZodType> = z.input<S>;

/** What the client may send, field by field, all of which the server has to take. */
type Sent<T> = { [K in keyof T]-?: Plain<T[K]> };
type Taken<S extends z.ZodType> = { [K in keyof Accepted<S>]-?: Accepted<S>[K] };

// These are checked by the compiler: `npm run build` covers the tests' types too.
describe("the client's types are the server's answers", () => {
  it("an entry, a row, a page and a list", () => {
    expectTypeOf<Plain<client.Entry>>().toEqualTypeOf<Answer<typeof schema.entryOut>>();
    expectTypeOf<Plain<client.ActivityRow>>().toEqualTypeOf<Answer<typeof schema.rowOut>>();
    expectTypeOf<Plain<client.ActivityPage>>().toEqualTypeOf<Answer<typeof schema.activityOut>>();
    expectTypeOf<Plain<client.EntryList>>().toEqualTypeOf<Answer<typeof schema.entriesOut>>();
    expectTypeOf<Plain<client.AccountToken>>().toEqualTypeOf<Answer<typeof schema.tokenAnswer>>();
  });

  it("an account, whose remaining amounts the schema keys by kind", () => {
    type Known = Omit<Plain<client.Account>, "remaining">;
    expectTypeOf<Known>().toEqualTypeOf<Omit<Answer<typeof schema.accountOut>, "remaining">>();
    expectTypeOf<Answer<typeof schema.accountOut>["remaining"]>().toExtend<Record<string, string>>();
    expectTypeOf<keyof client.Remaining>().toEqualTypeOf<client.Grant["kind"] & keyof client.Remaining>();
  });

  it("a grant and a hold, which the client types a little wider", () => {
    type GrantAnswer = Answer<typeof schema.grantOut>;
    expectTypeOf<Omit<Plain<client.Grant>, "kind">>().toEqualTypeOf<Omit<GrantAnswer, "kind">>();
    expectTypeOf<GrantAnswer["kind"]>().toExtend<client.Grant["kind"]>();
    type HoldAnswer = Answer<typeof schema.holdOut>;
    expectTypeOf<Omit<Plain<client.Hold>, "key">>().toEqualTypeOf<Omit<HoldAnswer, "key">>();
    expectTypeOf<HoldAnswer["key"]>().toExtend<client.Hold["key"]>();
  });

  it("the result of a usage event", () => {
    type Result = Answer<typeof schema.usageOut>["results"][number];
    type Known = Plain<client.UsageResult>;
    expectTypeOf<Known["status"]>().toEqualTypeOf<Result["status"]>();
    expectTypeOf<Known["entry"]>().toEqualTypeOf<Result["entry"]>();
    expectTypeOf<keyof Known>().toEqualTypeOf<keyof Result>();
    expectTypeOf<Result["error"]>().toExtend<Known["error"]>();
    expectTypeOf<Known["id"]>().toEqualTypeOf<Result["id"]>();
  });

  it("a problem", () => {
    type Known = Plain<client.Problem>;
    type Problem = Answer<typeof schema.problemOut>;
    expectTypeOf<Problem["status"]>().toEqualTypeOf<Known["status"]>();
    expectTypeOf<Problem["detail"]>().toEqualTypeOf<Known["detail"]>();
    expectTypeOf<Problem["errors"]>().toEqualTypeOf<Known["errors"]>();
    expectTypeOf<Problem["code"]>().toExtend<Known["code"]>();
  });
});

describe("the client sends what the server takes, and knows all of it", () => {
  it("settings and commands", () => {
    expectTypeOf<Sent<client.AccountInput>>().toExtend<Taken<typeof schema.accountIn>>();
    expectTypeOf<Sent<client.GrantInput>>().toExtend<Taken<typeof schema.grantIn>>();
    expectTypeOf<Sent<client.SpendInput>>().toExtend<Taken<typeof schema.spendIn>>();
    expectTypeOf<Sent<client.HoldInput>>().toExtend<Taken<typeof schema.holdIn>>();
    expectTypeOf<Sent<client.SettleInput>>().toExtend<Taken<typeof schema.settleIn>>();
    expectTypeOf<Sent<client.RefundInput>>().toExtend<Taken<typeof schema.refundIn>>();
    expectTypeOf<Sent<client.AdjustInput>>().toExtend<Taken<typeof schema.correctionIn>>();
    expectTypeOf<Sent<client.WriteOffInput>>().toExtend<Taken<typeof schema.correctionIn>>();
    expectTypeOf<Sent<client.UsageEvent>>().toExtend<Taken<typeof schema.usageEventIn>>();
  });

  it("by the same names", () => {
    expectTypeOf<keyof client.AccountInput>().toEqualTypeOf<keyof Accepted<typeof schema.accountIn>>();
    expectTypeOf<keyof client.GrantInput>().toEqualTypeOf<keyof Accepted<typeof schema.grantIn>>();
    expectTypeOf<keyof client.SpendInput>().toEqualTypeOf<keyof Accepted<typeof schema.spendIn>>();
    expectTypeOf<keyof client.HoldInput>().toEqualTypeOf<keyof Accepted<typeof schema.holdIn>>();
    expectTypeOf<keyof client.SettleInput>().toEqualTypeOf<keyof Accepted<typeof schema.settleIn>>();
    expectTypeOf<keyof client.RefundInput>().toEqualTypeOf<keyof Accepted<typeof schema.refundIn>>();
    expectTypeOf<keyof client.AdjustInput>().toEqualTypeOf<keyof Accepted<typeof schema.correctionIn>>();
    expectTypeOf<keyof client.UsageEvent>().toEqualTypeOf<keyof Accepted<typeof schema.usageEventIn>>();
    expectTypeOf<keyof client.SourceInput>().toEqualTypeOf<
      keyof NonNullable<Accepted<typeof schema.spendIn>["source"]>
    >();
  });

  it("queries", () => {
    expectTypeOf<keyof client.ActivityQuery>().toEqualTypeOf<keyof Accepted<typeof schema.activityQuery>>();
    expectTypeOf<keyof client.EntriesQuery>().toEqualTypeOf<keyof Accepted<typeof schema.entriesQuery>>();
    expectTypeOf<keyof client.CursorQuery>().toEqualTypeOf<keyof Accepted<typeof schema.listQuery>>();
    expectTypeOf<client.ActivityFilter>().toEqualTypeOf<z.output<typeof schema.activityQuery>["filter"]>();
  });
});
