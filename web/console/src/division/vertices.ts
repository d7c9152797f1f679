/** What a drag did to a drawn ring: the server is told of one moved point, and moves both neighbours. */
type Position = GeoJSON.Position;

export interface VertexMove {
  start: [number, number];
  end: [number, number];
}

const SAME = 5e-8;

/** The vertex that moved between two states of a polygon, or the middle of the edge that got a new one; else null. */
export function vertexMove(before: GeoJSON.Polygon, after: GeoJSON.Polygon): VertexMove | null {
  for (const [ring, old] of before.coordinates.entries()) {
    const now = after.coordinates[ring];
    if (!now) continue;
    const found = ringMove(open(old), open(now));
    if (found) return found;
  }
  return null;
}

function ringMove(old: Position[], now: Position[]): VertexMove | null {
  if (now.length === old.length) {
    const at = old.findIndex((point, place) => !same(point, now[place]));
    return at < 0 ? null : { start: pair(old[at]), end: pair(now[at]) };
  }
  if (now.length !== old.length + 1) return null;
  const at = now.findIndex((point, place) => !same(point, old[place]));
  const [left, right] = [old[(at - 1 + old.length) % old.length], old[at % old.length]];
  if (!left || !right) return null;
  return { start: [middle(left[0], right[0]), middle(left[1], right[1])], end: pair(now[at]) };
}

function open(ring: Position[]): Position[] {
  return ring.length > 1 && same(ring[0], ring[ring.length - 1]) ? ring.slice(0, -1) : ring;
}

function same(a: Position | undefined, b: Position | undefined): boolean {
  return (
    Math.abs((a?.[0] ?? NaN) - (b?.[0] ?? NaN)) < SAME && Math.abs((a?.[1] ?? NaN) - (b?.[1] ?? NaN)) < SAME
  );
}

function middle(a: number | undefined, b: number | undefined): number {
  return rounded(((a ?? NaN) + (b ?? NaN)) / 2);
}

function pair(point: Position | undefined): [number, number] {
  return [rounded(point?.[0] ?? NaN), rounded(point?.[1] ?? NaN)];
}

function rounded(value: number): number {
  return Math.round(value * 1e7) / 1e7;
}
