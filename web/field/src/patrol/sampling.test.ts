import { expect, it } from "vitest";

import { distanceM, isWorthKeeping, nextFixes, toPoint, type Fix, type QueuedFix } from "./sampling";

const START: Fix = { atMs: 0, lon: 121.17, lat: 30.05, accuracyM: 8, speedMps: null, bearingDeg: null };
/** 0.0001 degree of latitude is 11.1 m. */
const moved = (atMs: number, steps: number, over: Partial<Fix> = {}): Fix => ({
  ...START,
  atMs,
  lat: START.lat + steps * 0.0001,
  ...over,
});
const queued = (sessionId: string, seq: number): QueuedFix => ({ ...START, sessionId, seq, battery: 0.514 });

it.each([
  ["the first fix", null, START, true],
  ["too soon", START, moved(9_999, 5), false],
  ["10 s and 11 m later", START, moved(10_000, 1), true],
  ["10 s later on the spot", START, moved(10_000, 0), false],
  ["30 s later on the spot", START, moved(30_000, 0), true],
  ["a fix from the past", START, moved(-60_000, 5), false],
  ["a fix of 301 m accuracy", null, moved(0, 0, { accuracyM: 301 }), false],
  ["no number", null, moved(0, 0, { lon: Number.NaN }), false],
])("keeps or drops: %s", (_name, last, fix, kept) => {
  expect(isWorthKeeping(last, fix)).toBe(kept);
});

it("measures in metres", () => {
  expect(distanceM(START, moved(0, 1))).toBeCloseTo(11.12, 1);
});

it("sends one session at a time, lowest sequence first", () => {
  const queue = [queued("a", 3), queued("b", 0), queued("a", 1), queued("a", 2)];
  expect(nextFixes(queue, 2).map((fix) => [fix.sessionId, fix.seq])).toEqual([
    ["a", 1],
    ["a", 2],
  ]);
});

it("names the coordinate system and leaves out what is unknown", () => {
  expect(toPoint(queued("a", 7))).toEqual({
    seq: 7,
    at: "1970-01-01T00:00:00.000Z",
    lon: 121.17,
    lat: 30.05,
    crs: "wgs84",
    accuracy_m: 8,
    battery: 0.51,
  });
});
