import type { LayerPreview } from "@gridward/core";
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

const SOURCES = ["layer-ground", "layer-outlines", "layer-spots"] as const;
const LAYERS = ["layer-names", "layer-spot", "layer-line", "layer-fill", "layer-ground"] as const;

export interface PreviewLayer extends MapLayer {
  show(preview: LayerPreview | null, chosen: number | null): void;
}

/** The outlines of a file that is looked at, the ground that it is to fill, and where features are bad. */
export function previewLayer(): PreviewLayer {
  let shown: GlMap | null = null;
  let held: LayerPreview | null = null;
  let row: number | null = null;

  function refresh(): void {
    if (!shown?.getSource("layer-outlines")) return;
    setFeatures(shown, "layer-outlines", held?.features ?? EMPTY);
    setFeatures(shown, "layer-ground", groundOf(held));
    setFeatures(shown, "layer-spots", spotsOf(held, row));
  }

  return {
    id: "layer",
    add(map, context) {
      shown = map;
      for (const id of SOURCES) addSource(map, id, { type: "geojson", data: EMPTY });
      addLayers(map, layersOf(context));
      refresh();
    },
    show(preview, chosen) {
      held = preview;
      row = chosen;
      refresh();
    },
    remove(map) {
      shown = null;
      takeAway(map, LAYERS, SOURCES);
    },
  };
}

function groundOf(preview: LayerPreview | null): GeoJSON.FeatureCollection {
  if (!preview?.ground) return EMPTY;
  return {
    type: "FeatureCollection",
    features: [{ type: "Feature", geometry: preview.ground, properties: {} }],
  };
}

function spotsOf(preview: LayerPreview | null, row: number | null): GeoJSON.FeatureCollection {
  const features = (preview?.faults ?? []).flatMap((fault): GeoJSON.Feature[] =>
    fault.spot
      ? [
          {
            type: "Feature",
            geometry: { type: "Point", coordinates: fault.spot },
            properties: { chosen: fault.row === row },
          },
        ]
      : [],
  );
  return { type: "FeatureCollection", features };
}

function layersOf(context: LayerContext): Parameters<typeof addLayers>[1] {
  const colours = PALETTES[context.theme];
  const bad = context.theme === "dark" ? "#ff6257" : "#c8281e";
  return [
    {
      id: "layer-ground",
      type: "line",
      source: "layer-ground",
      layout: { "line-join": "round" },
      paint: { "line-color": colours.gridSelected, "line-width": 3, "line-dasharray": [2, 1.5] },
    },
    {
      id: "layer-fill",
      type: "fill",
      source: "layer-outlines",
      paint: { "fill-color": colours.grid, "fill-opacity": 0.14 },
    },
    {
      id: "layer-line",
      type: "line",
      source: "layer-outlines",
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.grid,
        "line-width": ["interpolate", ["linear"], ["zoom"], 12, 1, 17, 2.4],
      },
    },
    {
      id: "layer-spot",
      type: "circle",
      source: "layer-spots",
      paint: {
        "circle-color": bad,
        "circle-radius": ["case", ["get", "chosen"], 9, 5],
        "circle-stroke-color": colours.halo,
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "layer-names",
      type: "symbol",
      source: "layer-outlines",
      layout: {
        "text-field": ["coalesce", ["get", "name"], ["get", "code"]],
        "text-size": ["interpolate", ["linear"], ["zoom"], 12, 10, 17, 14],
        "text-max-width": 7,
        "text-padding": 3,
      },
      paint: { "text-color": colours.gridText, "text-halo-color": colours.halo, "text-halo-width": 1.6 },
    },
  ];
}
