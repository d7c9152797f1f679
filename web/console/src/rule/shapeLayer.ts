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

import type { RuleShape } from "./ruleForm";

const SOURCES = ["rule-shape"] as const;
const LAYERS = ["rule-point", "rule-line", "rule-fill"] as const;

export interface ShapeLayer extends MapLayer {
  update(shape: RuleShape | null): void;
}

/** The road, point or area of one rule. */
export function shapeLayer(settings: { onStyle: () => void }): ShapeLayer {
  let map: GlMap | null = null;
  let shown: RuleShape | null = null;

  function refresh(): void {
    if (!map?.getSource("rule-shape")) return;
    const features: GeoJSON.Feature[] = shown ? [{ type: "Feature", geometry: shown, properties: {} }] : [];
    setFeatures(map, "rule-shape", shown ? { type: "FeatureCollection", features } : EMPTY);
  }

  return {
    id: "rule-shape",
    add(target, context) {
      map = target;
      addSource(target, "rule-shape", { type: "geojson", data: EMPTY });
      addLayers(target, layersOf(context));
      refresh();
      settings.onStyle();
    },
    update(shape) {
      shown = shape;
      refresh();
    },
    remove(target) {
      map = null;
      takeAway(target, LAYERS, SOURCES);
    },
  };
}

function layersOf(context: LayerContext): Parameters<typeof addLayers>[1] {
  const colours = PALETTES[context.theme];
  return [
    {
      id: "rule-fill",
      type: "fill",
      source: "rule-shape",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": colours.gridSelected, "fill-opacity": 0.2 },
    },
    {
      id: "rule-line",
      type: "line",
      source: "rule-shape",
      filter: ["!=", ["geometry-type"], "Point"],
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": colours.gridSelected, "line-width": 3.5 },
    },
    {
      id: "rule-point",
      type: "circle",
      source: "rule-shape",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-color": colours.gridSelected,
        "circle-radius": 7,
        "circle-stroke-color": colours.halo,
        "circle-stroke-width": 2,
      },
    },
  ];
}
