import { queryString, type Transport } from "./transport";
import type { Day, Uuid } from "./types";

const BASE = "/api/v1/console";
/** A page with its base map inside takes a moment. */
const TIMEOUT_MS = 90_000;

export type RoundFormat = "html" | "pdf" | "xlsx" | "gpx" | "geojson";
export const ROUND_FORMATS: readonly RoundFormat[] = ["html", "pdf", "xlsx", "gpx", "geojson"];
export type WalkedFormat = "gpx" | "geojson";
export const WALKED_FORMATS: readonly WalkedFormat[] = ["gpx", "geojson"];

/** One form of a round sheet; "" for the whole week and for everybody. */
export interface RoundWish {
  file_format: RoundFormat;
  day: Day | "";
  worker: Uuid | "";
  language: "zh" | "en";
}

/** Map products: files to be printed, carried on a stick, or opened in other maps. */
export function makeProductApi({ file }: Transport) {
  return {
    roundAddress: (plan: Uuid, wish: Partial<RoundWish>) =>
      `${BASE}/plans/${plan}/round${queryString({ ...wish })}`,
    /** The same with what is private of booked visits; each is kept in the audit trail with the reason. */
    roundWithContacts: (plan: Uuid, wish: RoundWish, reason: string) =>
      file("POST", `${BASE}/plans/${plan}/round`, {
        body: { ...wish, day: wish.day || null, worker: wish.worker || null, reason },
        timeoutMs: TIMEOUT_MS,
      }),
    walkedAddress: (worker: Uuid, date: Day, file_format: WalkedFormat) =>
      `${BASE}/tracks/file${queryString({ worker, date, file_format })}`,
  };
}
