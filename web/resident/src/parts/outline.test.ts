import { describe, expect, it } from "vitest";

import { boundsOf } from "./outline";

describe("the box of an outline", () => {
  it("holds every outer ring", () => {
    const one = [
      [121, 30],
      [121.1, 30],
      [121.1, 30.2],
      [121, 30],
    ];
    const other = [
      [120.9, 30.1],
      [121, 30.3],
      [120.9, 30.1],
    ];
    expect(boundsOf([[one], [other]])).toEqual([120.9, 30, 121.1, 30.3]);
  });
  it("is none without points", () => {
    expect(boundsOf([])).toBeNull();
    expect(boundsOf([[[]]])).toBeNull();
  });
});
