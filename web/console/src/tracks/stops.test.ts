import { describe, expect, it } from "vitest";

import { stopsOf } from "./stops";

const stop = (worker: string, id: string, state: string, hour: string): GeoJSON.Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: [121.1, 30.05] },
  properties: {
    kind: "stop",
    worker,
    id,
    seq: 1,
    stop_kind: "duty",
    state,
    starts_at: `2026-11-23T${hour}:00+08:00`,
  },
});

describe("the stops of a day", () => {
  it("are the worker's own, what was left out first, then by time", () => {
    const features = [
      stop("w", "b", "done", "09:00"),
      stop("other", "x", "planned", "08:00"),
      stop("w", "d", "missed", "15:00"),
      stop("w", "a", "done", "08:30"),
      { ...stop("w", "p", "done", "08:00"), properties: { kind: "path", worker: "w" } },
    ];
    expect(stopsOf({ type: "FeatureCollection", features }, "w").map((one) => one.id)).toEqual([
      "d",
      "a",
      "b",
    ]);
  });
});
