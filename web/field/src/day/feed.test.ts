import { expect, it } from "vitest";

import type { FieldCase, Today } from "../api";
import { casesToFetch, MOST_CASES, withCases } from "./feed";

const change = (kind: string, id: string) => ({ kind, id, op: "upsert" });
const one = (id: string, state = "handling"): FieldCase => ({ id, state }) as unknown as FieldCase;
const TODAY: Today = {
  date: "2026-11-25",
  next_day: null,
  route: null,
  stops: [],
  cases: [one("a"), one("b"), one("c")],
  cursor: "1",
};

it("fetches each changed case once", () => {
  expect(casesToFetch([change("case", "a"), change("case", "b"), change("case", "a")])).toEqual(["a", "b"]);
  expect(casesToFetch([])).toEqual([]);
});

it("loads the whole day when the round changed, or too much did", () => {
  expect(casesToFetch([change("case", "a"), change("plan", "p")])).toBeNull();
  const many = Array.from({ length: MOST_CASES + 1 }, (_, at) => change("case", `${at}`));
  expect(casesToFetch(many)).toBeNull();
});

it("puts changed cases into the day, takes ended and foreign ones out, and moves the cursor on", () => {
  const fetched = new Map([
    ["a", one("a", "pending_check")],
    ["b", one("b", "closed")],
    ["c", null],
    ["d", one("d", "pending_handle")],
  ]);
  const now = withCases(TODAY, fetched, "2");
  expect(now.cases.map((item) => `${item.id}:${item.state}`)).toEqual([
    "a:pending_check",
    "d:pending_handle",
  ]);
  expect(now.cursor).toBe("2");
});
