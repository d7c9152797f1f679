import { api } from "../api";

/** `[west, south, east, north]`. */
export type Bounds = [number, number, number, number];

/** Middle and zoom that a map opens with. */
export interface MapStart {
  lon: number;
  lat: number;
  zoom: number;
}

let asked: Promise<Map<string, Bounds>> | null = null;

/** The extent of each grid of this person's areas, by code; asked once, again after a failure. */
export function gridBounds(): Promise<Map<string, Bounds>> {
  asked ??= api.gridFeatures().then(
    (features) =>
      new Map(
        features.flatMap((feature): [string, Bounds][] => {
          const bounds = boundsOf(feature.geometry);
          return feature.id !== undefined && bounds ? [[String(feature.id), bounds]] : [];
        }),
      ),
    (error: unknown) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}

/** The extent of a geometry; null for one without coordinates. */
export function boundsOf(geometry: GeoJSON.Geometry | null): Bounds | null {
  const points: GeoJSON.Position[] = [];
  const walk = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === "number") points.push(value as GeoJSON.Position);
    else value.forEach(walk);
  };
  if (geometry && "coordinates" in geometry) walk(geometry.coordinates);
  return points.length === 0
    ? null
    : spanOf(points.map((at) => [at[0] ?? 0, at[1] ?? 0, at[0] ?? 0, at[1] ?? 0]));
}

/** The extent of many extents; null for none. */
export function spanOf(all: Iterable<Bounds>): Bounds | null {
  let span: Bounds | null = null;
  for (const [west, south, east, north] of all) {
    span = span
      ? [Math.min(span[0], west), Math.min(span[1], south), Math.max(span[2], east), Math.max(span[3], north)]
      : [west, south, east, north];
  }
  return span;
}
