import { describe, expect, it } from "vitest";

import { vertexMove } from "./vertices";

const square = (points: [number, number][]): GeoJSON.Polygon => ({
  type: "Polygon",
  coordinates: [[...points, points[0] ?? [0, 0]]],
});
const BEFORE = square([
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
]);

describe("vertexMove", () => {
  it("finds the vertex that was dragged", () => {
    const after = square([
      [0, 0],
      [2, 0],
      [2.5, 2.25],
      [0, 2],
    ]);
    expect(vertexMove(BEFORE, after)).toEqual({ start: [2, 2], end: [2.5, 2.25] });
  });

  it("takes the first vertex, which closes the ring, once", () => {
    const after = square([
      [0.5, 0],
      [2, 0],
      [2, 2],
      [0, 2],
    ]);
    expect(vertexMove(BEFORE, after)).toEqual({ start: [0, 0], end: [0.5, 0] });
  });

  it("names the middle of the edge that got a vertex", () => {
    const after = square([
      [0, 0],
      [2, 0],
      [2.4, 1],
      [2, 2],
      [0, 2],
    ]);
    expect(vertexMove(BEFORE, after)).toEqual({ start: [2, 1], end: [2.4, 1] });
  });

  it("also on the edge that closes the ring", () => {
    const after = square([
      [0, 0],
      [2, 0],
      [2, 2],
      [0, 2],
      [-0.5, 1],
    ]);
    expect(vertexMove(BEFORE, after)).toEqual({ start: [0, 1], end: [-0.5, 1] });
  });

  it("finds nothing where nothing moved", () => expect(vertexMove(BEFORE, BEFORE)).toBeNull());
});
