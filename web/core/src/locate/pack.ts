/** The grids that a phone carries with it, read from GeoJSON and kept in a form that is quick to search. */
import type { Ring, Side } from "./shapes";
import { meridianOf, project } from "./zone";

export interface PackShape {
  readonly code: string;
  readonly rings: readonly Ring[];
  /** West, south, east, north in degrees. */
  readonly box: readonly [west: number, south: number, east: number, north: number];
}

/** Grids in force and the communities around them, as of one version of the boundaries; `flat` is filled on the way. */
export interface GridPack {
  readonly grids: readonly PackShape[];
  readonly parents: readonly PackShape[];
  readonly flat: Map<string, readonly Ring[]>;
}

/** A feature has `properties.code`; with `properties.level` "community" it is a parent, else a grid. */
export function readGridPack(collection: GeoJSON.FeatureCollection): GridPack {
  const grids: PackShape[] = [];
  const parents: PackShape[] = [];
  for (const feature of collection.features) {
    const code = String(feature.properties?.["code"] ?? "");
    const { geometry } = feature;
    if (code === "" || (geometry.type !== "Polygon" && geometry.type !== "MultiPolygon")) {
      throw new TypeError(`a grid pack holds polygons with a code, not ${geometry.type} "${code}"`);
    }
    const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    const rings = polygons.flat().map(sidesOf);
    (feature.properties?.["level"] === "community" ? parents : grids).push({
      code,
      rings,
      box: boxOf(rings),
    });
  }
  const byCode = (one: PackShape, two: PackShape): number => (one.code < two.code ? -1 : 1);
  return { grids: grids.sort(byCode), parents: parents.sort(byCode), flat: new Map() };
}

/** The rings in metres of the zone of `lon`, made once. */
export function flatRings(pack: GridPack, shape: PackShape, lon: number): readonly Ring[] {
  const meridian = meridianOf(lon);
  const key = `${shape.code}/${meridian}`;
  let flat = pack.flat.get(key);
  if (!flat) {
    flat = shape.rings.map((ring) =>
      ring.map(([ax, ay, bx, by]): Side => [...project(ax, ay, meridian), ...project(bx, by, meridian)]),
    );
    pack.flat.set(key, flat);
  }
  return flat;
}

function sidesOf(positions: GeoJSON.Position[]): Ring {
  const sides: Side[] = [];
  let before: GeoJSON.Position | undefined;
  for (const position of positions) {
    if (before) sides.push([before[0] ?? NaN, before[1] ?? NaN, position[0] ?? NaN, position[1] ?? NaN]);
    before = position;
  }
  return sides;
}

function boxOf(rings: readonly Ring[]): PackShape["box"] {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of rings.flat()) {
    [west, south] = [Math.min(west, x), Math.min(south, y)];
    [east, north] = [Math.max(east, x), Math.max(north, y)];
  }
  return [west, south, east, north];
}
