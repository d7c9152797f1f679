import type { ReplanDay } from "@gridward/core";
import {
  addLayers,
  addSource,
  EMPTY,
  type LayerContext,
  type MapLayer,
  PALETTES,
  setFeatures,
  takeAway,
} from "@gridward/map";
import type { Map as GlMap } from "maplibre-gl";

const SOURCES = ["replan-lines", "replan-stops"] as const;
const LAYERS = ["replan-stop", "replan-after", "replan-before"] as const;

export interface ReplanLayer extends MapLayer {
  show(days: readonly ReplanDay[]): void;
}

/** The way of a day before (grey, dashed) and after (full), and the stops that change. */
export function replanLayer(): ReplanLayer {
  let shown: GlMap | null = null;
  let held: readonly ReplanDay[] = [];

  function refresh(): void {
    if (!shown?.getSource("replan-lines")) return;
    setFeatures(shown, "replan-lines", linesOf(held));
    setFeatures(shown, "replan-stops", stopsOf(held));
  }

  return {
    id: "replan",
    add(map, context) {
      shown = map;
      for (const id of SOURCES) addSource(map, id, { type: "geojson", data: EMPTY });
      addLayers(map, layersOf(context));
      refresh();
    },
    show(days) {
      held = days;
      refresh();
    },
    remove(map) {
      shown = null;
      takeAway(map, LAYERS, SOURCES);
    },
  };
}

export function linesOf(days: readonly ReplanDay[]): GeoJSON.FeatureCollection {
  const features = days.flatMap((day): GeoJSON.Feature[] =>
    (["before", "after"] as const).flatMap((when) => {
      const geometry = day[`${when}_path`];
      return geometry ? [{ type: "Feature", geometry, properties: { when } }] : [];
    }),
  );
  return { type: "FeatureCollection", features };
}

function stopsOf(days: readonly ReplanDay[]): GeoJSON.FeatureCollection {
  const features = days.flatMap((day) =>
    day.changes
      .filter((change) => change.kind !== "retimed")
      .map((change): GeoJSON.Feature => ({
        type: "Feature",
        geometry: { type: "Point", coordinates: [change.location.lon, change.location.lat] },
        properties: { kind: change.kind },
      })),
  );
  return { type: "FeatureCollection", features };
}

function layersOf(context: LayerContext): Parameters<typeof addLayers>[1] {
  const colours = PALETTES[context.theme];
  return [
    {
      id: "replan-before",
      type: "line",
      source: "replan-lines",
      filter: ["==", ["get", "when"], "before"],
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.workerOld,
        "line-width": 5,
        "line-opacity": 0.75,
        "line-dasharray": [1.4, 1],
      },
    },
    {
      id: "replan-after",
      type: "line",
      source: "replan-lines",
      filter: ["==", ["get", "when"], "after"],
      layout: { "line-join": "round" },
      paint: { "line-color": colours.planned, "line-width": 2.5 },
    },
    {
      id: "replan-stop",
      type: "circle",
      source: "replan-stops",
      paint: {
        "circle-color": ["case", ["==", ["get", "kind"], "removed"], colours.workerOld, colours.planned],
        "circle-radius": 7,
        "circle-stroke-color": colours.halo,
        "circle-stroke-width": 2,
      },
    },
  ];
}
