import { describe, expect, it } from "vitest";

import { ApiError, localProblem, problemFrom } from "@gridward/core";

import { distanceM, missingCorrection, stuckVisit } from "./correction";

describe("a visit that can't go along", () => {
  const window = { start: "2026-11-18T14:00:00+08:00", end: "2026-11-18T16:00:00+08:00" };
  const grid = { code: "330281002011002", name: "第2网格", name_en: "" };
  const refusal = {
    code: "visit_to_rebook",
    reason: "no_room",
    grid,
    next: [{ ...window, left: 2 }],
    ...window,
  };

  it("is read from the refusal", () => {
    const error = new ApiError(problemFrom(409, refusal));
    expect(stuckVisit(error)).toEqual({ reason: "no_room", window, grid, free: [window] });
  });

  it("is none in any other refusal, or in one that can't be read", () => {
    expect(stuckVisit(localProblem("stale_version", 409))).toBeNull();
    expect(stuckVisit(new ApiError(problemFrom(409, { ...refusal, reason: "moon" })))).toBeNull();
    expect(stuckVisit(new ApiError(problemFrom(409, { ...refusal, start: 3 })))).toBeNull();
  });
});

describe("a correction", () => {
  it("needs something that is otherwise, and a reason", () => {
    expect(missingCorrection({ movedM: 0, matter: "", note: "门牌写错" })).toBe("change");
    expect(missingCorrection({ movedM: 40, matter: "", note: "  " })).toBe("note");
    expect(missingCorrection({ movedM: 0, matter: "m", note: "门牌写错" })).toBeNull();
  });

  it("says how far the pin has moved", () => {
    const from = { lon: 121.17, lat: 30.05 };
    expect(distanceM(from, from)).toBe(0);
    // A minute of latitude is a nautical mile.
    expect(distanceM(from, { lon: 121.17, lat: 30.05 + 1 / 60 })).toBeCloseTo(1855, -1);
    expect(distanceM(from, { lon: 121.171, lat: 30.05 })).toBeCloseTo(96.4, 0);
  });
});
