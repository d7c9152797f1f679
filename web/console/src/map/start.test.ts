import { describe, expect, it } from "vitest";

import { viewOf, viewText } from "../shell/useAddress";
import { boundsOf, spanOf } from "./start";

describe("extents", () => {
  it("of shapes with many parts, and of nothing", () => {
    const geometry: GeoJSON.MultiPolygon = {
      type: "MultiPolygon",
      coordinates: [
        [
          [
            [121, 30],
            [121.2, 30],
            [121.2, 30.1],
            [121, 30],
          ],
        ],
        [
          [
            [120.9, 29.9],
            [121, 29.9],
            [121, 30],
            [120.9, 29.9],
          ],
        ],
      ],
    };
    expect(boundsOf(geometry)).toEqual([120.9, 29.9, 121.2, 30.1]);
    expect(boundsOf(null)).toBeNull();
    expect(spanOf([])).toBeNull();
  });
});

describe("the map's view in the address", () => {
  it("comes back, and refuses nonsense", () => {
    expect(viewOf(viewText({ lon: 121.17, lat: 30.05, zoom: 14.2 }))).toEqual({
      lon: 121.17,
      lat: 30.05,
      zoom: 14.2,
    });
    expect(viewOf("")).toBeNull();
    expect(viewOf("1,x,3")).toBeNull();
    expect(viewOf("190,30,3")).toBeNull();
  });
});
