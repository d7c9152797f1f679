/**
 * Which position fixes of a patrol are kept, and how they go to the server. Pure.
 *
 * Sparse on purpose: fewer fixes and fewer uploads save most of the battery, and 10–30 s is enough to prove a round.
 */

export type Fix = Readonly<{
  /** Epoch milliseconds of the fix itself, not of its arrival. */
  atMs: number;
  lon: number;
  lat: number;
  accuracyM: number;
  speedMps: number | null;
  bearingDeg: number | null;
}>;

export type QueuedFix = Fix & Readonly<{ sessionId: string; seq: number; battery: number | null }>;

export const MIN_INTERVAL_MS = 10_000;
export const MAX_INTERVAL_MS = 30_000;
export const MIN_MOVE_M = 10;
/** Coarser than this says only "somewhere in the neighbourhood" and proves nothing. */
export const MAX_ACCURACY_M = 300;
/** Fixes in one request: small enough for a weak signal, far under the server's 1000. */
export const BATCH_SIZE = 100;

const EARTH_RADIUS_M = 6_371_008.8;

/** Great-circle metres; at most 0.6 % off the ellipsoid, plenty for a 10 m filter. */
export function distanceM(
  a: Readonly<{ lon: number; lat: number }>,
  b: Readonly<{ lon: number; lat: number }>,
): number {
  const rad = Math.PI / 180;
  const dLat = (b.lat - a.lat) * rad;
  const dLon = (b.lon - a.lon) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** True when `fix` is worth keeping after `last`: moved 10 m and 10 s later, or 30 s later without moving. */
export function isWorthKeeping(last: Fix | null, fix: Fix): boolean {
  if (!Number.isFinite(fix.lon) || !Number.isFinite(fix.lat) || fix.accuracyM > MAX_ACCURACY_M) return false;
  if (last === null) return true;
  const elapsedMs = fix.atMs - last.atMs;
  if (elapsedMs < MIN_INTERVAL_MS) return false;
  return elapsedMs >= MAX_INTERVAL_MS || distanceM(last, fix) >= MIN_MOVE_M;
}

/** Next request's worth of fixes: one session, lowest sequence first. */
export function nextFixes(queue: readonly QueuedFix[], limit: number = BATCH_SIZE): readonly QueuedFix[] {
  const ordered = [...queue].sort((a, b) => a.seq - b.seq);
  const sessionId = queue[0]?.sessionId;
  return ordered.filter((fix) => fix.sessionId === sessionId).slice(0, limit);
}

/** One element of the request body. Sequence makes a repeat harmless. */
export function toPoint(fix: QueuedFix): Record<string, string | number> {
  const point: Record<string, string | number> = {
    seq: fix.seq,
    at: new Date(fix.atMs).toISOString(),
    lon: round(fix.lon, 7),
    lat: round(fix.lat, 7),
    crs: "wgs84",
    accuracy_m: round(fix.accuracyM, 1),
  };
  if (fix.speedMps !== null) point["speed_mps"] = round(fix.speedMps, 2);
  if (fix.bearingDeg !== null) point["bearing_deg"] = round(fix.bearingDeg, 1);
  if (fix.battery !== null) point["battery"] = round(fix.battery, 2);
  return point;
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
