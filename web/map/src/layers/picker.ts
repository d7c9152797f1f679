import type { LonLat } from "@gridward/core";
import type { Map as GlMap } from "maplibre-gl";

import type { MapLayer } from "../layer";

export interface PointPicker extends MapLayer {
  /** Moves the map so that the crosshair stands on the point. */
  moveTo(point: LonLat, zoom?: number): void;
  /** Moves the crosshair by metres to the east and north: for arrow keys and buttons. */
  nudge(eastM: number, northM: number): void;
  current(): LonLat | null;
}

const METRES_PER_DEGREE = 111_320;

/** The point that lies `eastM` and `northM` metres away; good for steps up to a few hundred metres. */
export function offsetPoint(point: LonLat, eastM: number, northM: number): LonLat {
  const lat = point.lat + northM / METRES_PER_DEGREE;
  const lon = point.lon + eastM / (METRES_PER_DEGREE * Math.cos((point.lat * Math.PI) / 180));
  return { lon, lat };
}

const SAME_SPOT_M = 0.5;

/** Whether two points are one spot for a person, whatever a map's arithmetic leaves in the last digits. */
export function isSameSpot(one: LonLat, other: LonLat): boolean {
  const northM = (one.lat - other.lat) * METRES_PER_DEGREE;
  const eastM = (one.lon - other.lon) * METRES_PER_DEGREE * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(eastM, northM) < SAME_SPOT_M;
}

/** A crosshair that stays in the middle while the map moves under it; `onMove` hears each point it comes to rest on. */
export function pointPicker(settings: { onMove: (point: LonLat) => void }): PointPicker {
  let shown: GlMap | null = null;
  let mark: HTMLElement | null = null;

  const centre = (): LonLat | null => {
    const middle = shown?.getCenter();
    return middle ? { lon: middle.lng, lat: middle.lat } : null;
  };
  const rest = (): void => {
    const point = centre();
    mark?.classList.remove("is-moving");
    if (point) settings.onMove(point);
  };
  const move = (): void => mark?.classList.add("is-moving");

  return {
    id: "picker",
    add(map) {
      if (shown) return;
      shown = map;
      mark = document.createElement("div");
      mark.className = "gw-crosshair";
      mark.setAttribute("aria-hidden", "true");
      map.getContainer().append(mark);
      map.on("movestart", move);
      map.on("moveend", rest);
    },
    remove(map) {
      map.off("movestart", move);
      map.off("moveend", rest);
      mark?.remove();
      shown = mark = null;
    },
    moveTo(point, zoom) {
      shown?.easeTo({ center: [point.lon, point.lat], ...(zoom === undefined ? {} : { zoom }) });
    },
    nudge(eastM, northM) {
      const from = centre();
      if (!from || !shown) return;
      const to = offsetPoint(from, eastM, northM);
      shown.jumpTo({ center: [to.lon, to.lat] });
    },
    current: centre,
  };
}
