import { describe, expect, it } from "vitest";

import { conditionCount, EVERYTHING_OPEN, filterOf, queryOf } from "./filter";

describe("the queue's filter lives in the address", () => {
  it("comes back as it went", () => {
    const filter = {
      states: ["filed", "handling"],
      lamp: "red",
      grid: "330281002011001",
      matter: "m",
      q: "井盖",
      order: "-reported_at",
    } as const;
    const query = Object.fromEntries(
      Object.entries(queryOf(filter)).map(([key, value]) => [key, String(value)]),
    );
    expect(filterOf(query)).toEqual(filter);
  });

  it("is empty for the default", () => {
    expect(Object.values(queryOf(EVERYTHING_OPEN)).every((value) => value === undefined)).toBe(true);
    expect(filterOf({})).toEqual(EVERYTHING_OPEN);
  });

  it("passes over what it does not know", () => {
    expect(filterOf({ state: "filed,nonsense", lamp: "purple", order: "x", q: ["a", "b"] })).toEqual({
      ...EVERYTHING_OPEN,
      states: ["filed"],
    });
  });

  it("counts what stands beside the default", () => {
    expect(conditionCount(EVERYTHING_OPEN)).toBe(0);
    expect(conditionCount({ ...EVERYTHING_OPEN, lamp: "red", q: "x" })).toBe(2);
  });
});
