import { queryString, type Transport } from "./transport";
import type { Day, Schemas, Uuid } from "./types";

const BASE = "/api/v1/console";
/** A page with its base map inside takes a moment. */
const TIMEOUT_MS = 90_000;

export type RoundFormat = "html" | "pdf" | "xlsx" | "gpx" | "geojson";
export const ROUND_FORMATS: readonly RoundFormat[] = ["html", "pdf", "xlsx", "gpx", "geojson"];
export type WalkedFormat = "gpx" | "geojson";
export const WALKED_FORMATS: readonly WalkedFormat[] = ["gpx", "geojson"];

export type MapFormat = "html" | "pdf" | "xlsx" | "geojson";
export const MAP_FORMATS: readonly MapFormat[] = ["html", "pdf", "xlsx", "geojson"];
export const CASE_CHANNELS = ["resident_web", "worker", "counter", "hotline", "import", "open311"] as const;

/** A hot-spot map of an area: days both included, "" for every matter and every channel, metres across a cell. */
export interface HotspotWish {
  area: string;
  since: Day;
  until: Day;
  matter: string;
  channel: string;
  cell_m: number;
  file_format: MapFormat;
  language: "zh" | "en";
}

/** A coverage map of whole weeks from a Monday on; computed by the server, then had as files. */
export interface CoverageWish {
  area: string;
  week_start: Day;
  weeks: number;
  unseen_days: number;
}
export type CoverageMap = Schemas["CoverageMapOut"];

/** One form of a round sheet; "" for the whole week and for everybody. */
export interface RoundWish {
  file_format: RoundFormat;
  day: Day | "";
  worker: Uuid | "";
  language: "zh" | "en";
}

/** Map products: files to be printed, carried on a stick, or opened in other maps. */
export function makeProductApi({ call, file }: Transport) {
  return {
    roundAddress: (plan: Uuid, wish: Partial<RoundWish>) =>
      `${BASE}/plans/${plan}/round${queryString({ ...wish })}`,
    /** The same with what is private of booked visits; each is kept in the audit trail with the reason. */
    roundWithContacts: (plan: Uuid, wish: RoundWish, reason: string) =>
      file("POST", `${BASE}/plans/${plan}/round`, {
        body: { ...wish, day: wish.day || null, worker: wish.worker || null, reason },
        timeoutMs: TIMEOUT_MS,
      }),
    hotspots: (wish: HotspotWish) =>
      file("GET", `${BASE}/maps/hotspots${queryString({ ...wish })}`, { timeoutMs: TIMEOUT_MS }),
    askCoverage: (wish: CoverageWish) => call<CoverageMap>("POST", `${BASE}/maps/coverage`, { body: wish }),
    coverageMap: (id: Uuid) => call<CoverageMap>("GET", `${BASE}/maps/coverage/${id}`),
    coverageFile: (id: Uuid, file_format: MapFormat, language: "zh" | "en") =>
      file("GET", `${BASE}/maps/coverage/${id}/file${queryString({ file_format, language })}`, {
        timeoutMs: TIMEOUT_MS,
      }),
    walkedAddress: (worker: Uuid, date: Day, file_format: WalkedFormat) =>
      `${BASE}/tracks/file${queryString({ worker, date, file_format })}`,
  };
}
