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

/** What keeps a correction from being sent; null when nothing does. */
export function missingCorrection(filled: {
  movedM: number;
  matter: string;
  note: string;
}): "change" | "note" | null {
  if (filled.movedM === 0 && filled.matter === "") return "change";
  return filled.note.trim() === "" ? "note" : null;
}
