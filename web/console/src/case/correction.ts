import { ApiError } from "@gridward/core";

export interface Spot {
  lon: number;
  lat: number;
}

const METRES_PER_DEGREE = 111_320;

/** Metres between two near points: for telling a person how far a pin has moved, to about one part in a thousand. */
export function distanceM(from: Spot, to: Spot): number {
  const northM = (to.lat - from.lat) * METRES_PER_DEGREE;
  const eastM = (to.lon - from.lon) * METRES_PER_DEGREE * Math.cos((from.lat * Math.PI) / 180);
  return Math.hypot(northM, eastM);
}

export interface Span {
  start: string;
  end: string;
}
export interface StuckVisit {
  reason: "no_room" | "no_team" | "no_visit";
  window: Span;
  grid: { code: string; name: string; name_en: string } | null;
  free: readonly Span[];
}

/** What would become of the booked visit, as the refusal `visit_to_rebook` tells it; null for other refusals. */
export function stuckVisit(error: unknown): StuckVisit | null {
  if (!(error instanceof ApiError) || error.code !== "visit_to_rebook") return null;
  const { reason, grid, next, ...facts } = error.problem.facts;
  const window = spanOf(facts);
  if (window === null || (reason !== "no_room" && reason !== "no_team" && reason !== "no_visit")) return null;
  const free = Array.isArray(next) ? next.flatMap((one: unknown) => spanOf(one) ?? []) : [];
  return { reason, window, grid: gridOf(grid), free };
}
function spanOf(value: unknown): Span | null {
  if (!isRecord(value)) return null;
  const { start, end } = value;
  return typeof start === "string" && typeof end === "string" ? { start, end } : null;
}
function gridOf(value: unknown): StuckVisit["grid"] {
  if (!isRecord(value)) return null;
  const { code, name, name_en } = value;
  if (typeof code !== "string" || typeof name !== "string") return null;
  return { code, name, name_en: typeof name_en === "string" ? name_en : "" };
}
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What keeps a correction from being sent; null when nothing does. */
export function missingCorrection(filled: {
  movedM: number;
  matter: string;
  note: string;
}): "change" | "note" | null {
  if (filled.movedM === 0 && filled.matter === "") return "change";
  return filled.note.trim() === "" ? "note" : null;
}
