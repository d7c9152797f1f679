/** What the rule asks of outlines: a ring is its sides in their order, each from (ax, ay) to (bx, by). */
export type Side = readonly [ax: number, ay: number, bx: number, by: number];
export type Ring = readonly Side[];
type Point = readonly [x: number, y: number];

/**
 * Whether rings (outlines and holes of one grid alike) cover the point, border included. The few operations are those
 * of PostGIS, each rounded once, so that a typed border point gets the same answer everywhere (`gis.locate.edges`).
 */
export function covers(rings: readonly Ring[], x: number, y: number): boolean {
  let inside = false;
  for (const ring of rings) {
    for (const [ax, ay, bx, by] of ring) {
      if ((ay > y && by > y) || (ay < y && by < y)) continue;
      const side = (bx - ax) * (y - ay) - (x - ax) * (by - ay);
      if (side === 0 && Math.min(ax, bx) <= x && x <= Math.max(ax, bx)) return true;
      if ((ay <= y && y < by && side > 0) || (by <= y && y < ay && side < 0)) inside = !inside;
    }
  }
  return inside;
}

/** Distance from the point to the nearest side. */
export function borderDistance(rings: readonly Ring[], x: number, y: number): number {
  let least = Infinity;
  for (const ring of rings) {
    for (const [ax, ay, bx, by] of ring) {
      const [dx, dy] = [bx - ax, by - ay];
      const length2 = dx * dx + dy * dy;
      const along = length2 > 0 ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length2)) : 0;
      least = Math.min(least, Math.hypot(ax + along * dx - x, ay + along * dy - y));
    }
  }
  return least;
}

/** Part of the circle (a 64-sided polygon, as on the server) around the point that lies inside the rings, 0 to 1. */
export function circleShare(rings: readonly Ring[], x: number, y: number, radiusM: number): number {
  const circle = Array.from({ length: 64 }, (_, k): Side => {
    const [from, to] = [(k * Math.PI) / 32, ((k + 1) * Math.PI) / 32];
    return [Math.cos(from), Math.sin(from), Math.cos(to), Math.sin(to)];
  });
  const whole = 32 * Math.sin(Math.PI / 32);
  let area = 0;
  for (const ring of rings) {
    const unit = ring.map(([ax, ay]): Point => [(ax - x) / radiusM, (ay - y) / radiusM]);
    const clipped = Math.abs(areaOf(clip(unit, circle)));
    area += isHole(ring, rings) ? -clipped : clipped;
  }
  return Math.min(1, Math.max(0, area / whole));
}

/** The part of a ring inside a convex, anticlockwise polygon (Sutherland and Hodgman); its bridges have no area. */
function clip(ring: readonly Point[], convex: readonly Side[]): readonly Point[] {
  let kept = ring;
  for (const [ax, ay, bx, by] of convex) {
    const height = ([x, y]: Point): number => (bx - ax) * (y - ay) - (x - ax) * (by - ay);
    const next: Point[] = [];
    let before = kept.at(-1);
    for (const point of kept) {
      const [here, there] = [height(point), height(before ?? point)];
      if (before && here >= 0 !== there >= 0) {
        const part = there / (there - here);
        next.push([before[0] + part * (point[0] - before[0]), before[1] + part * (point[1] - before[1])]);
      }
      if (here >= 0) next.push(point);
      before = point;
    }
    kept = next;
  }
  return kept;
}

function areaOf(ring: readonly Point[]): number {
  let twice = 0;
  let before = ring.at(-1);
  for (const point of ring) {
    if (before) twice += before[0] * point[1] - point[0] * before[1];
    before = point;
  }
  return twice / 2;
}

/** A ring inside an odd number of the others is a hole; a corner of it that lies on none of them tells. */
function isHole(ring: Ring, rings: readonly Ring[]): boolean {
  let around = 0;
  for (const other of rings) {
    if (other === ring) continue;
    const corner = ring.find(([x, y]) => borderDistance([other], x, y) > 0);
    if (corner && covers([other], corner[0], corner[1])) around += 1;
  }
  return around % 2 === 1;
}
