import { expect, test } from "vitest";

import { changeOf, figureOf, withShares } from "./trialLayer";

const grid = (before: number, after: number): GeoJSON.Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: [0, 0] },
  properties: { before, after },
});

test("a figure names the change with its sign, and none where there is none", () => {
  expect([figureOf(3, 3), figureOf(0, 12), figureOf(9, 0)]).toEqual(["3", "12 (+12)", "0 (−9)"]);
  expect(changeOf(2, 2)).toBe("");
});

test("shares are of the largest load; nothing at all is no share", () => {
  const shares = (features: GeoJSON.Feature[]) =>
    withShares({ type: "FeatureCollection", features }).features.map((one) => one.properties?.["share"]);
  expect(shares([grid(4, 2), grid(0, 8)])).toEqual([0.25, 1]);
  expect(shares([grid(1, 0)])).toEqual([0]);
});
