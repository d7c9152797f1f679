/**
 * Local plane in metres: transverse Mercator on the GRS80 ellipsoid around a central meridian that is a multiple of
 * three degrees, as `gis.coordinates.MetricZone`. Krüger's series; within a zone it agrees with PROJ to a micrometre.
 */
import { roundHalfEven } from "./rule";

export type Metres = readonly [x: number, y: number];

const AXIS_M = 6_378_137;
const FLATTENING = 1 / 298.257222101;
const N = FLATTENING / (2 - FLATTENING);
const RADIUS_M = (AXIS_M / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const ECCENTRICITY = Math.sqrt(FLATTENING * (2 - FLATTENING));
const SERIES = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49_561 / 161_280) * N ** 4,
];
const RADIANS = Math.PI / 180;

/** Central meridian of the zone of a longitude, in degrees. */
export function meridianOf(lon: number): number {
  return roundHalfEven(lon / 3) * 3;
}

/** x east of the central meridian, y north of the equator, in metres. */
export function project(lon: number, lat: number, meridian: number): Metres {
  const sine = Math.sin(lat * RADIANS);
  const away = (lon - meridian) * RADIANS;
  const t = Math.sinh(Math.atanh(sine) - ECCENTRICITY * Math.atanh(ECCENTRICITY * sine));
  const north = Math.atan2(t, Math.cos(away));
  const east = Math.asinh(Math.sin(away) / Math.hypot(t, Math.cos(away)));
  let [x, y] = [east, north];
  SERIES.forEach((factor, index) => {
    const order = 2 * (index + 1);
    x += factor * Math.cos(order * north) * Math.sinh(order * east);
    y += factor * Math.sin(order * north) * Math.cosh(order * east);
  });
  return [RADIUS_M * x, RADIUS_M * y];
}
