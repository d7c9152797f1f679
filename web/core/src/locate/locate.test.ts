import { existsSync, readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { locate, type Located, readGridPack } from "./index";

/** Written by `python -m tests.gis.locate_vectors` from the server's engine; pytest holds PostGIS to the same file. */
interface Coverage {
  name: string;
  pack: GeoJSON.FeatureCollection;
  points: Vector[];
}
interface Vector {
  lon: number;
  lat: number;
  accuracy_m: number | null;
  snap_m: number;
  kind: Located["kind"];
  code: string | null;
  border_m: number | null;
  parent_code: string | null;
  candidates: [code: string, share: number | null, distanceM: number][];
}

const bigger = process.env["GRIDWARD_LOCATE_VECTORS"] ?? "";
const file = existsSync(bigger) ? bigger : "core/src/locate/vectors.json";
const coverages = JSON.parse(readFileSync(file, "utf-8")) as Coverage[];

/** PROJ and Krüger's series, GEOS and our clipping differ in the last printed digit. */
const MILLIMETRE = 1.1e-3;
const SHARE = 1.1e-6;

function differs(found: Located, wanted: Vector): boolean {
  const same =
    found.kind === wanted.kind &&
    found.code === wanted.code &&
    found.parentCode === wanted.parent_code &&
    Math.abs((found.borderM ?? -1) - (wanted.border_m ?? -1)) <= MILLIMETRE &&
    found.candidates.length === wanted.candidates.length &&
    wanted.candidates.every(([code, share, distanceM], k) => {
      const row = found.candidates[k];
      return (
        row?.code === code &&
        Math.abs((row.share ?? -1) - (share ?? -1)) <= SHARE &&
        Math.abs(row.distanceM - distanceM) <= MILLIMETRE
      );
    });
  return !same;
}

describe("a point is located on the phone as on the server", () => {
  it.each(coverages.map((coverage) => [coverage.name, coverage] as const))("%s", (_, { pack, points }) => {
    const grids = readGridPack(pack);
    const differing = points
      .map((point) => ({
        point,
        found: locate(grids, point.lon, point.lat, { accuracyM: point.accuracy_m, snapM: point.snap_m }),
      }))
      .filter(({ point, found }) => differs(found, point));
    expect(differing).toEqual([]);
  });
});

describe("a pack or a point that makes no sense", () => {
  it("is refused by name", () => {
    const line: GeoJSON.Feature = {
      type: "Feature",
      properties: { code: "1" },
      geometry: { type: "LineString", coordinates: [] },
    };
    expect(() => readGridPack({ type: "FeatureCollection", features: [line] })).toThrow(/LineString "1"/);
    const empty = readGridPack({ type: "FeatureCollection", features: [] });
    expect(locate(empty, 121, 30).kind).toBe("outside");
    expect(() => locate(empty, 121, Number.NaN)).toThrow(RangeError);
    expect(() => locate(empty, 121, 30, { accuracyM: -1 })).toThrow(/accuracy of -1/);
  });
});
