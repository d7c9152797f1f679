import { flatRings, type GridPack, type PackShape } from "./pack";
import { circleRadiusM, decide, type Located, type Reach, roundHalfEven, snapDegrees } from "./rule";
import { borderDistance, circleShare, covers } from "./shapes";
import { meridianOf, project } from "./zone";

export interface LocateOptions {
  /** Radius of the circle that the device is sure of, null when unknown. */
  readonly accuracyM?: number | null;
  /** How far outside all grids a point still belongs to the nearest; 0: never. */
  readonly snapM?: number;
}

/** Metres of a degree of latitude at the equator, the smallest there is. */
const DEGREE_M = 110_574;

/** Where a WGS84 point belongs, answered from the pack alone: the same answer as `gis.locate` and as PostGIS. */
export function locate(
  pack: GridPack,
  lon: number,
  lat: number,
  { accuracyM = null, snapM = 25 }: LocateOptions = {},
): Located {
  if (!Number.isFinite(lon) || !Number.isFinite(lat) || Math.abs(lon) > 180 || Math.abs(lat) > 90) {
    throw new RangeError(`no position on Earth: ${lon}, ${lat}`);
  }
  const [x, y] = [snapDegrees(lon), snapDegrees(lat)];
  const circleM = circleRadiusM(accuracyM);
  const reachM = Math.max(circleM, snapM);
  const high = (1.01 * reachM) / DEGREE_M;
  const wide = Math.min(
    360,
    high / Math.max(Math.cos((Math.min(90, Math.abs(y) + high) * Math.PI) / 180), 1e-6),
  );
  const reached = pack.grids
    .filter(({ box }) => box[0] <= x + wide && box[2] >= x - wide && box[1] <= y + high && box[3] >= y - high)
    .map((shape) => reachOf(pack, shape, x, y, circleM))
    .filter((row) => row.covers || row.distanceM <= reachM);
  const parent = pack.parents.find((shape) => inBox(shape, x, y) && covers(shape.rings, x, y));
  return decide(reached, { circleM, snapM, parentCode: parent?.code ?? null });
}

function inBox({ box }: PackShape, x: number, y: number): boolean {
  return box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3];
}

function reachOf(pack: GridPack, shape: PackShape, x: number, y: number, circleM: number): Reach {
  const covered = inBox(shape, x, y) && covers(shape.rings, x, y);
  const rings = flatRings(pack, shape, x);
  const [flatX, flatY] = project(x, y, meridianOf(x));
  const borderM = borderDistance(rings, flatX, flatY);
  const share = circleM > 0 ? roundHalfEven(circleShare(rings, flatX, flatY, circleM) * 1e6) / 1e6 : null;
  return { code: shape.code, covers: covered, distanceM: covered ? 0 : borderM, borderM, share };
}
