/**
 * Point → grid without silent guesses, offline: the phone's twin of `gis.locate` (see docs/mechanisms/locating.md).
 * `decide` holds everything after the geometry; the words are those of the server.
 */
export type LocateKind = "inside" | "on_border" | "uncertain" | "snapped" | "gap" | "outside";

/** A grid near the point. Metres; `share` of the accuracy circle inside the grid, null without a circle. */
export interface Reach {
  readonly code: string;
  readonly covers: boolean;
  readonly distanceM: number;
  readonly borderM: number;
  readonly share: number | null;
}

export interface Candidate {
  readonly code: string;
  readonly share: number | null;
  readonly distanceM: number;
}

/** `candidates`: the owner first. `borderM`: from the point to the border of the owning grid. */
export interface Located {
  readonly kind: LocateKind;
  readonly code: string | null;
  readonly candidates: readonly Candidate[];
  readonly borderM: number | null;
  readonly parentCode: string | null;
}

/** A worse fix says nothing about grids; its circle is drawn with this radius. */
export const CIRCLE_MAX_M = 1_000;

/** Round half to even, as the server does; `Math.round` does not. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** The coordinate rounded to 1e-7 degree: the double nearest to a number of 7 decimals. */
export function snapDegrees(value: number): number {
  return roundHalfEven(value * 1e7) / 1e7;
}

/** Radius of the accuracy circle; 0 for an unknown accuracy (null or 0). */
export function circleRadiusM(accuracyM: number | null): number {
  if (accuracyM === null) return 0;
  if (!Number.isFinite(accuracyM) || accuracyM < 0) throw new RangeError(`accuracy of ${accuracyM} m`);
  return Math.min(accuracyM, CIRCLE_MAX_M);
}

const byCode = (one: Reach, two: Reach): number => (one.code < two.code ? -1 : one.code > two.code ? 1 : 0);

/** Steps 2–4 of the rule over the grids near a point. */
export function decide(
  reached: readonly Reach[],
  { circleM, snapM, parentCode }: { circleM: number; snapM: number; parentCode: string | null },
): Located {
  const rows = reached.toSorted(byCode);
  const covering = rows.filter((row) => row.covers);
  const touched = rows.filter((row) => row.covers || row.distanceM < circleM);
  if (circleM > 0 && (touched.length > covering.length || covering.length > 1)) {
    touched.sort((one, two) => (two.share ?? 0) - (one.share ?? 0) || byCode(one, two));
    return answer("uncertain", touched, parentCode);
  }
  if (covering.length > 0)
    return answer(covering.length === 1 ? "inside" : "on_border", covering, parentCode);
  const close = rows.filter((row) => snapM > 0 && row.distanceM <= snapM);
  close.sort((one, two) => millimetres(one.distanceM) - millimetres(two.distanceM) || byCode(one, two));
  if (close.length > 0) return answer("snapped", close, parentCode);
  return answer(parentCode === null ? "outside" : "gap", [], parentCode);
}

function answer(kind: LocateKind, rows: readonly Reach[], parentCode: string | null): Located {
  const owner = rows[0];
  return {
    kind,
    code: owner?.code ?? null,
    candidates: rows.map(({ code, share, distanceM }) => ({
      code,
      share,
      distanceM: millimetres(distanceM),
    })),
    borderM: owner ? millimetres(owner.borderM) : null,
    parentCode,
  };
}

function millimetres(metres: number): number {
  return roundHalfEven(metres * 1e3) / 1e3;
}
