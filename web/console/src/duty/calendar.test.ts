import type { ChainLine, DutyDay } from "@gridward/core";
import { describe, expect, it } from "vitest";

import { hasGap, markOf, momentOf, monthOf, moved, piecesOf, townInput } from "./calendar";

function line(reason: ChainLine["reason"]): ChainLine {
  return {
    worker: { id: "1", name: "张三" },
    post: "leader",
    reason,
    absent: reason === "away",
    away_kind: "",
    away_since: null,
    away_until: null,
  };
}
const day: DutyDay = {
  day: "2026-11-25",
  away: [],
  spans: [
    { starts_at: "2026-11-24T16:00:00Z", ends_at: "2026-11-24T22:00:00Z", first: line("leader") },
    { starts_at: "2026-11-24T22:00:00Z", ends_at: "2026-11-25T16:00:00Z", first: null },
  ],
};

describe("a cell", () => {
  it("is as wide as each part lasts, and names the gap", () => {
    expect(piecesOf(day).map(({ mark, share }) => [mark, share])).toEqual([
      ["leader", 0.25],
      ["none", 0.75],
    ]);
    expect(hasGap(day)).toBe(true);
    expect(hasGap({ ...day, spans: day.spans.slice(0, 1) })).toBe(false);
  });
  it("never shows somebody who is away as answering", () => {
    expect(markOf(line("away"))).toBe("none");
    expect(markOf(line("deputy_b"))).toBe("deputy_b");
  });
});

describe("the arrow keys", () => {
  it("stay inside the table", () => {
    expect(moved({ row: 0, column: 0 }, "ArrowUp", 3, 7)).toBeNull();
    expect(moved({ row: 2, column: 6 }, "ArrowDown", 3, 7)).toBeNull();
    expect(moved({ row: 1, column: 6 }, "ArrowRight", 3, 7)).toBeNull();
    expect(moved({ row: 1, column: 3 }, "ArrowLeft", 3, 7)).toEqual({ row: 1, column: 2 });
    expect(moved({ row: 1, column: 3 }, "End", 3, 7)).toEqual({ row: 1, column: 6 });
    expect(moved({ row: 1, column: 3 }, "x", 3, 7)).toBeNull();
  });
});

describe("the town's clock", () => {
  it("is Shanghai's, wherever the browser stands", () => {
    expect(townInput(Date.parse("2026-11-24T16:00:00Z"))).toBe("2026-11-25T00:00");
    expect(momentOf("2026-11-25T00:00")).toBe("2026-11-25T00:00:00+08:00");
    expect(momentOf("")).toBeNull();
  });
  it("knows the length of a month", () => {
    expect(monthOf("2028-02-17")).toEqual({ start: "2028-02-01", days: 29 });
    expect(monthOf("2026-12-31")).toEqual({ start: "2026-12-01", days: 31 });
  });
});
