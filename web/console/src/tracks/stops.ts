import { type LonLat, type Localised, type StopKind, type StopState } from "@gridward/core";

/** A planned stop as the comparison shows it. */
export interface TrackStop {
  id: string;
  seq: number;
  kind: StopKind;
  state: StopState;
  startsAt: string;
  name: Localised | null;
  location: LonLat;
}

/** The stops of one worker among the planned routes of a day: what was left out first, then in the order of the day. */
export function stopsOf(routes: GeoJSON.FeatureCollection, worker: string): TrackStop[] {
  return routes.features
    .flatMap((feature): TrackStop[] => {
      const p = feature.properties;
      if (p?.["kind"] !== "stop" || p["worker"] !== worker || feature.geometry.type !== "Point") return [];
      const [lon, lat] = feature.geometry.coordinates;
      if (lon === undefined || lat === undefined) return [];
      return [
        {
          id: String(p["id"]),
          seq: Number(p["seq"]),
          kind: p["stop_kind"] as StopKind,
          state: p["state"] as StopState,
          startsAt: String(p["starts_at"]),
          name: (p["name"] as Localised | undefined) ?? null,
          location: { lon, lat },
        },
      ];
    })
    .sort(
      (a, b) =>
        Number(isLeft(b.state)) - Number(isLeft(a.state)) || Date.parse(a.startsAt) - Date.parse(b.startsAt),
    );
}

/** Nobody has been there yet, or nobody will. */
export function isLeft(state: StopState): boolean {
  return state !== "done" && state !== "arrived";
}
