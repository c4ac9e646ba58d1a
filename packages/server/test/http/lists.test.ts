import type { AccountList, ActivityPage, EntryList, GrantList } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, type TestLedger } from "./ledger.js";

const toBase64 = (text: string) => Buffer.from(text).toString("base64url");

describe.each(ENGINES)("lists and pages on %s", (engine) => {
  let ledger: TestLedger;
  let account: string;
  const entriesTotal = 25;
  beforeAll(async () => {
    ledger = await openLedger({ engine });
    account = await ledger.account();
    for (let index = 0; index < 5; index++) {
      await ledger.post(at("grants"), { kind: "purchase", credits: "10" });
      for (const credits of ["1", "2", "3"]) await ledger.post(at("spend"), { credits, project: credits });
      await ledger.post(at("adjustments"), { credits: "-1", description: "x" });
    }
  });
  afterAll(() => ledger.drop());

  const at = (path: string) => `/v1/accounts/${account}/${path}`;
  const page = async (query: string) => (await ledger.get<ActivityPage>(at(`activity?${query}`))).body;

  it("reach the end of the entries, in both orders and in parts of any size", async () => {
    for (const limit of [1, 2, 7, 25, 26, 1000]) {
      for (const order of ["asc", "desc"]) {
        const seqs: number[] = [];
        let cursor: string | null = null;
        do {
          const query: string = cursor === null ? "" : `&cursor=${cursor}`;
          const { body } = await ledger.get<EntryList>(at(`entries?order=${order}&limit=${limit}${query}`));
          expect(body.entries.length).toBe(Math.min(limit, entriesTotal - seqs.length));
          seqs.push(...body.entries.map((entry) => entry.seq));
          cursor = body.nextCursor;
        } while (cursor !== null);
        const expected = Array.from({ length: entriesTotal }, (_, index) => index + 1);
        expect(order === "asc" ? seqs : seqs.reverse()).toEqual(expected);
      }
    }
  });

  /** The longest metadata there is. */
  const record = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`n${index}`.padEnd(64, "x"), "v".repeat(500)]),
  );

  it("have shorter parts where accounts are long, and reach the end", async () => {
    const ids = Array.from({ length: 75 }, (_, index) => `long-${index + 10}`);
    for (const id of ids) await ledger.local.putAccount(id, { metadata: record });
    const sizes: number[] = [];
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${cursor}`;
      const { body, text } = await ledger.get<AccountList>(`/v1/accounts?prefix=long-&limit=1000${query}`);
      expect(text.length).toBeLessThan(2_500_000);
      sizes.push(body.accounts.length);
      listed.push(...body.accounts.map(({ id }) => id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(sizes).toEqual([70, 5]);
    expect(listed).toEqual(ids);
  });

  it("have shorter parts where entries are long, and reach the end", async () => {
    const long = await ledger.account();
    const events = Array.from({ length: 100 }, (_, index) => ({
      ...{ id: `${index}`, account: long, kind: "ai_usage", credits: "1" },
      ...{ metadata: record, privateMetadata: record },
    }));
    await ledger.post("/v1/usage", { events });
    const sizes: number[] = [];
    const seqs: number[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${cursor}`;
      const { body, text } = await ledger.get<EntryList>(
        `/v1/accounts/${long}/entries?order=asc&limit=1000${query}`,
      );
      expect(text.length).toBeLessThan(2_500_000);
      sizes.push(body.entries.length);
      seqs.push(...body.entries.map((entry) => entry.seq));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(sizes).toEqual([35, 35, 30]);
    expect(seqs).toEqual(events.map((_, index) => index + 1));
  });

  it("reach the end of the grants, and of the entries of a row", async () => {
    const seqs: number[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${cursor}`;
      const { body } = await ledger.get<GrantList>(at(`grants?limit=2${query}`));
      seqs.push(...body.grants.map((grant) => grant.seq));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seqs).toEqual([21, 16, 11, 6, 1]);

    const many = await ledger.account("100");
    for (let index = 0; index < 7; index++) await ledger.post(`/v1/accounts/${many}/spend`, { credits: "1" });
    const inRow: number[] = [];
    cursor = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${cursor}`;
      const path = `/v1/accounts/${many}/activity/2/entries?limit=3${query}`;
      const { body } = await ledger.get<EntryList>(path);
      inRow.push(...body.entries.map((entry) => entry.seq));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(inRow).toEqual([2, 3, 4, 5, 6, 7, 8]);
  });

  it("keep their place while entries are added", async () => {
    const busy = await ledger.account("100");
    const path = `/v1/accounts/${busy}`;
    for (let index = 0; index < 5; index++) await ledger.post(`${path}/spend`, { credits: "1" });
    const first = (await ledger.get<EntryList>(`${path}/entries?limit=3`)).body;
    await ledger.post(`${path}/spend`, { credits: "1" });
    const rest = (await ledger.get<EntryList>(`${path}/entries?limit=3&cursor=${first.nextCursor}`)).body;
    expect([...first.entries, ...rest.entries].map((entry) => entry.seq)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(rest.nextCursor).toBeNull();
  });

  it("show each filter in pages of any size", async () => {
    const all = await page("perPage=100");
    expect(all).toMatchObject({ total: 25, from: 1, to: 25, pages: 1, page: 1 });
    const counts = { all: 25, added: 5, used: 15, adjustments: 5 };
    for (const [filter, total] of Object.entries(counts)) {
      for (const perPage of [1, 4, 8, 100]) {
        const rows = [];
        const pages = Math.ceil(total / perPage);
        for (let number = 1; number <= pages; number++) {
          const found = await page(`filter=${filter}&perPage=${perPage}&page=${number}`);
          const from = (number - 1) * perPage + 1;
          const to = Math.min(total, number * perPage);
          expect(found).toMatchObject({ from, to, total, page: number, pages });
          rows.push(...found.rows);
        }
        expect(rows).toEqual(all.rows.filter((row) => filter === "all" || row.category === filter));
      }
    }
  });

  it("show a page beyond the end as empty, with the total", async () => {
    for (const number of [5, 6, 1_000_000_000_000]) {
      const found = await page(`page=${number}`);
      expect(found).toMatchObject({ rows: [], from: 0, to: 0, total: 25, pages: 4, page: number });
      const beneath = await page(`filter=added&page=${number}&perPage=100`);
      expect(beneath).toMatchObject({ rows: [], total: 5, pages: 1 });
    }
  });

  it("refuse queries that are not valid", async () => {
    const queries = [
      ...["page=0", "page=-1", "page=1.5", "page=x", "page=", "page=1e13", "page=NaN", "page=1&page=2"],
      ...["perPage=0", "perPage=101", "perPage=-8", "perPage=x", "perPage=2.5", "perPage=Infinity"],
      ...[
        "filter=",
        "filter=ALL",
        "filter=refund",
        "filter=added&filter=used",
        "surprise=1",
        "per_page=8",
        "__proto__=1",
        "constructor=1",
      ],
    ];
    for (const query of queries) {
      const reply = await ledger.get(at(`activity?${query}`));
      expect([reply.status, reply.body.code], query).toEqual([400, "bad_request"]);
    }
    for (const path of ["entries", "grants", "activity/1/entries"]) {
      for (const query of [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=1.5",
        "limit=",
        "page=1",
        "limit=1&limit=2",
      ]) {
        expect((await ledger.get(at(`${path}?${query}`))).status, `${path} ${query}`).toBe(400);
      }
    }
    expect((await ledger.get(at("entries?order=up"))).status).toBe(400);
    for (const position of ["0", "-1", "x", "1.5", "9007199254740993", "1e400"]) {
      expect((await ledger.get(at(`activity/${position}/entries`))).status, position).toBe(400);
    }
  });

  it("refuse forged cursors", async () => {
    const forged = [
      "x",
      "s1",
      toBase64("s"),
      toBase64("s-1"),
      toBase64("s1.5"),
      toBase64("sx"),
      toBase64("s12345678901234567"),
    ];
    for (const path of ["entries", "entries", "grants", "activity/1/entries"]) {
      for (const cursor of [
        ...forged,
        toBase64("S1"),
        toBase64("s1 "),
        toBase64("1"),
        "%00",
        "",
        "x".repeat(201),
        "%F0%9F%98%80",
      ]) {
        const reply = await ledger.get(at(`${path}?cursor=${cursor}`));
        expect([reply.status, reply.body.code], `${path} ${cursor}`).toEqual([400, "bad_request"]);
      }
      for (const far of ["s0", "s9999999999999999", "s9007199254740992"]) {
        expect((await ledger.get(at(`${path}?cursor=${toBase64(far)}`))).status, far).toBeLessThan(500);
      }
    }
  });

  it("refuse a forged asOf, and that of an account with more entries", async () => {
    const young = await ledger.account("1");
    const ahead = (await page("")).asOf;
    const reply = await ledger.get(`/v1/accounts/${young}/activity?asOf=${ahead}`);
    expect([reply.status, reply.body.code]).toEqual([400, "bad_request"]);

    const [version, ...parts] = Buffer.from(ahead, "base64url").toString().split(".");
    expect([version, ...parts]).toEqual(["1", "5", "15", "5", "25", "0"]);
    const forged = [
      "x",
      "",
      "%00",
      toBase64("1.1.1.1.1"),
      toBase64("1.-1.0.0.1.0"),
      toBase64("2.5.15.5.25.0"),
      toBase64("1.a.b.c.d.e"),
    ];
    forged.push(toBase64("1.6.14.5.25.0"), toBase64("1.5.15.5.26.0"), toBase64("1.5.15.5.25.26"));
    forged.push(
      toBase64("1.999999999999999.0.0.25.0"),
      toBase64(`1.${"9".repeat(16)}.0.0.25.0`),
      "x".repeat(201),
    );
    for (const asOf of forged) {
      for (const filter of ["all", "added", "used", "adjustments"]) {
        const refused = await ledger.get(at(`activity?asOf=${asOf}&filter=${filter}`));
        expect([refused.status, refused.body.code], Buffer.from(asOf, "base64url").toString()).toEqual([
          400,
          "bad_request",
        ]);
      }
    }
    for (let seed = 0; seed < 300; seed++) {
      const random = parts.map((part) => (Number(part) + ((seed * 7 + part.length * 13) % 9)) % 27);
      const asOf = toBase64([1, ...random].join("."));
      expect([200, 400]).toContain((await ledger.get(at(`activity?asOf=${asOf}`))).status);
    }
  });
});
