type Ring = readonly (readonly number[])[];
type Polygons = readonly (readonly Ring[])[];

/** West, south, east, north of a MultiPolygon's outer rings; null for one without points. */
export function boundsOf(polygons: Polygons): [number, number, number, number] | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const polygon of polygons) {
    for (const [lon = NaN, lat = NaN] of polygon[0] ?? []) {
      west = Math.min(west, lon);
      south = Math.min(south, lat);
      east = Math.max(east, lon);
      north = Math.max(north, lat);
    }
  }
  return west <= east && south <= north ? [west, south, east, north] : null;
}
