import type { Map as GlMap } from "maplibre-gl";

import { registerWorkerIcons } from "../icons";
import {
  addLayers,
  addSource,
  type LayerContext,
  listen,
  type MapLayer,
  pointable,
  setFeatures,
  takeAway,
} from "../layer";
import { PALETTES } from "../palette";

const SOURCE = "workers";
const LAYERS = ["worker-points", "worker-selected"] as const;

export interface WorkerPoint {
  id: string;
  name: string;
  lon: number;
  lat: number;
  /** Seconds since the position was taken. */
  ageS: number;
  /** `12 s ago`, in the chosen language. */
  ageText: string;
}

/** A position older than this is drawn hollow: a stale dot must not look live. */
export const LIVE_FOR_S = 180;

export interface WorkersLayer extends MapLayer {
  update(workers: readonly WorkerPoint[]): void;
  select(id: string | null): void;
}

/** Where the workers on patrol were last, each with the age of the position. */
export function workersLayer(settings: { onPick?: (id: string) => void } = {}): WorkersLayer {
  let shown: GlMap | null = null;
  let unlisten: (() => void) | null = null;
  let features = workerFeatures([]);
  let selected: string | null = null;

  return {
    id: "workers",
    add(map, context) {
      shown = map;
      registerWorkerIcons(map, context.theme);
      addSource(map, SOURCE, { type: "geojson", data: features });
      addLayers(map, layersOf(context, selected));
      unlisten ??= listen(map, (on) => {
        on("click", "worker-points", (event) => {
          event.preventDefault();
          const id: unknown = event.features?.[0]?.properties["id"];
          if (typeof id === "string") settings.onPick?.(id);
        });
        pointable(map, on, ["worker-points"]);
      });
    },
    update(workers) {
      features = workerFeatures(workers);
      setFeatures(shown, SOURCE, features);
    },
    select(id) {
      selected = id;
      if (shown?.getLayer("worker-selected"))
        shown.setFilter("worker-selected", ["==", ["get", "id"], id ?? ""]);
    },
    remove(map) {
      shown = null;
      unlisten?.();
      unlisten = null;
      takeAway(map, LAYERS, [SOURCE]);
    },
  };
}

/** Points with everything that the drawing needs; exported for tests. */
export function workerFeatures(workers: readonly WorkerPoint[]): GeoJSON.FeatureCollection<GeoJSON.Point> {
  return {
    type: "FeatureCollection",
    features: workers.map((worker) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [worker.lon, worker.lat] },
      properties: {
        id: worker.id,
        label: `${worker.name}\n${worker.ageText}`,
        icon: worker.ageS <= LIVE_FOR_S ? "worker-live" : "worker-old",
        order: -worker.ageS,
      },
    })),
  };
}

function layersOf(context: LayerContext, selected: string | null): Parameters<typeof addLayers>[1] {
  const colours = PALETTES[context.theme];
  return [
    {
      id: "worker-selected",
      type: "circle",
      source: SOURCE,
      filter: ["==", ["get", "id"], selected ?? ""],
      paint: {
        "circle-radius": 19,
        "circle-color": colours.worker,
        "circle-opacity": 0.18,
        "circle-stroke-color": colours.worker,
        "circle-stroke-width": 2,
      },
    },
    {
      id: "worker-points",
      type: "symbol",
      source: SOURCE,
      layout: {
        "icon-image": ["get", "icon"],
        "icon-allow-overlap": true,
        "symbol-sort-key": ["get", "order"],
        "text-field": ["step", ["zoom"], "", 14.5, ["get", "label"]],
        "text-size": 11,
        "text-offset": [0, 1.3],
        "text-anchor": "top",
        "text-optional": true,
      },
      paint: { "text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1.6 },
    },
  ];
}
