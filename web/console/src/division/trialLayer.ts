import type { DivisionTrial } from "@gridward/core";
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

const SOURCES = ["trial", "trial-spots"] as const;
const LAYERS = ["trial-spot", "trial-figure", "trial-fill"] as const;

export interface TrialLayer extends MapLayer {
  show(trial: DivisionTrial | null, chosen: string | null): void;
}

/** The load of each grid of the draft, and the cases of the page that is listed. */
export function trialLayer(): TrialLayer {
  let drawn: GlMap | null = null;
  let held: DivisionTrial | null = null;
  let chosen: string | null = null;

  function refresh(): void {
    if (!drawn?.getSource("trial")) return;
    setFeatures(drawn, "trial", held ? withShares(held.features) : EMPTY);
    setFeatures(drawn, "trial-spots", spotsOf(held, chosen));
  }

  return {
    id: "trial",
    add(map, context) {
      drawn = map;
      for (const id of SOURCES) addSource(map, id, { type: "geojson", data: EMPTY });
      addLayers(map, layersOf(context));
      refresh();
    },
    show(trial, id) {
      held = trial;
      chosen = id;
      refresh();
    },
    remove(map) {
      drawn = null;
      takeAway(map, LAYERS, SOURCES);
    },
  };
}

/** Each grid with its share of the largest load and its figure in words: `12 (+3)`. */
export function withShares(features: GeoJSON.FeatureCollection): GeoJSON.FeatureCollection {
  const most = Math.max(1, ...features.features.map((one) => Number(one.properties?.["after"] ?? 0)));
  return {
    type: "FeatureCollection",
    features: features.features.map((one) => {
      const before = Number(one.properties?.["before"] ?? 0);
      const after = Number(one.properties?.["after"] ?? 0);
      const properties = { ...one.properties, share: after / most, figure: figureOf(before, after) };
      return { ...one, properties };
    }),
  };
}

/** The load after, with the change where there is one. */
export function figureOf(before: number, after: number): string {
  return after === before ? `${after}` : `${after} (${changeOf(before, after)})`;
}

/** The change with its sign; an empty word for none. */
export function changeOf(before: number, after: number): string {
  if (after === before) return "";
  return `${after > before ? "+" : "−"}${Math.abs(after - before)}`;
}

function spotsOf(trial: DivisionTrial | null, chosen: string | null): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: (trial?.moved ?? []).map(({ id, spot }) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: spot },
      properties: { chosen: id === chosen },
    })),
  };
}

function layersOf(context: LayerContext): Parameters<typeof addLayers>[1] {
  const colours = PALETTES[context.theme];
  return [
    {
      id: "trial-fill",
      type: "fill",
      source: "trial",
      paint: {
        "fill-color": colours.planned,
        "fill-opacity": ["interpolate", ["linear"], ["get", "share"], 0, 0.02, 1, 0.42],
      },
    },
    {
      id: "trial-figure",
      type: "symbol",
      source: "trial",
      layout: {
        "text-field": ["get", "figure"],
        "text-size": 15,
        "text-offset": [0, 1.5],
        "text-padding": 1,
      },
      paint: { "text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1.8 },
    },
    {
      id: "trial-spot",
      type: "circle",
      source: "trial-spots",
      paint: {
        "circle-color": ["case", ["get", "chosen"], colours.gridSelected, colours.worker],
        "circle-radius": ["case", ["get", "chosen"], 9, 4.5],
        "circle-stroke-color": colours.halo,
        "circle-stroke-width": 1.5,
      },
    },
  ];
}
