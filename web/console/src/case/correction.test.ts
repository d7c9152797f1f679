import { describe, expect, it } from "vitest";

import { distanceM, missingCorrection } from "./correction";

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
