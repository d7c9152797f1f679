import { expect, it } from "vitest";

import { isSameSpot, offsetPoint } from "./picker";

const HERE = { lon: 121.16, lat: 30.05 };

it("takes what a map leaves in the last digits for the same spot, a step of a metre for another", () => {
  expect(isSameSpot(HERE, { lon: 121.16 + 1e-9, lat: 30.05 - 1e-9 })).toBe(true);
  expect(isSameSpot(HERE, offsetPoint(HERE, 0.4, 0))).toBe(true);
  for (const [east, north] of [
    [1, 0],
    [0, 1],
    [-0.6, -0.6],
  ] as const) {
    expect(isSameSpot(HERE, offsetPoint(HERE, east, north))).toBe(false);
  }
});
