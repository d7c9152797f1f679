import type { ExpressionSpecification, Map as GlMap, MapLayerMouseEvent } from "maplibre-gl";

import { addLayers, addSource, type LayerContext, listen, type MapLayer, takeAway } from "../layer";
import { PALETTES } from "../palette";
import { nameExpression } from "../style";

const SOURCE = "grids";
const LAYERS = ["grid-names", "grid-selected", "community-lines", "grid-lines", "grid-fill"] as const;

export interface GridsState {
  selected: string | null;
  /** Fill per grid code; grids that are not named stay clear. */
  fills?: Readonly<Record<string, string>>;
  labels?: boolean;
}

export interface GridsLayer extends MapLayer {
  update(state: Partial<GridsState>): void;
}

export interface GridPick {
  code: string;
  name: string;
}

/** Outlines and names of the grids from our tiles; one may be selected, each may have a fill. */
export function gridsLayer(settings: { onPick?: (grid: GridPick) => void } = {}): GridsLayer {
  let shown: GlMap | null = null;
  let unlisten: (() => void) | null = null;
  const state: GridsState = { selected: null, labels: true };

  function pick(event: MapLayerMouseEvent): void {
    const properties = event.features?.[0]?.properties;
    if (properties && !event.defaultPrevented) {
      settings.onPick?.({ code: String(properties["code"]), name: String(properties["name"]) });
    }
  }

  function refresh(): void {
    if (!shown?.getLayer("grid-fill")) return;
    shown.setFilter("grid-selected", isSelected(state.selected));
    shown.setPaintProperty("grid-fill", "fill-color", fillOf(state.fills));
    shown.setLayoutProperty("grid-names", "visibility", state.labels === false ? "none" : "visible");
  }

  return {
    id: "grids",
    add(map, context) {
      shown = map;
      addSource(map, SOURCE, {
        type: "vector",
        tiles: [`${context.origin}/tiles/grids/{z}/{x}/{y}.mvt`],
        minzoom: 8,
        maxzoom: 16,
        promoteId: { grids: "code" },
      });
      addLayers(map, layersOf(context, state), "road-names");
      addLayers(map, [namesOf(context)]);
      refresh();
      unlisten ??= settings.onPick ? listen(map, (on) => on("click", "grid-fill", pick)) : null;
    },
    update(change) {
      Object.assign(state, change);
      refresh();
    },
    remove(map) {
      shown = null;
      unlisten?.();
      unlisten = null;
      takeAway(map, LAYERS, [SOURCE]);
    },
  };
}

function isSelected(code: string | null): ExpressionSpecification {
  return ["==", ["get", "code"], code ?? ""];
}

function fillOf(fills: GridsState["fills"]): ExpressionSpecification | string {
  const pairs = Object.entries(fills ?? {}).flat();
  if (pairs.length === 0) return "rgba(0,0,0,0)";
  return ["match", ["get", "code"], ...pairs, "rgba(0,0,0,0)"] as unknown as ExpressionSpecification;
}

function layersOf(context: LayerContext, state: GridsState): Parameters<typeof addLayers>[1] {
  const colours = PALETTES[context.theme];
  const from = { source: SOURCE, "source-layer": "grids" } as const;
  return [
    {
      id: "grid-fill",
      type: "fill",
      ...from,
      paint: { "fill-color": fillOf(state.fills), "fill-opacity": 0.28 },
    },
    {
      id: "grid-lines",
      type: "line",
      ...from,
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.grid,
        "line-opacity": 0.7,
        "line-width": ["interpolate", ["linear"], ["zoom"], 12, 0.6, 14, 1.1, 17, 2],
        "line-dasharray": [3, 1.5],
      },
    },
    {
      id: "community-lines",
      type: "line",
      source: SOURCE,
      "source-layer": "communities",
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.grid,
        "line-opacity": 0.6,
        "line-width": ["interpolate", ["linear"], ["zoom"], 11, 1, 14, 2.2, 17, 3.6],
      },
    },
    {
      id: "grid-selected",
      type: "line",
      ...from,
      filter: isSelected(state.selected),
      layout: { "line-join": "round" },
      paint: { "line-color": colours.gridSelected, "line-width": 3 },
    },
  ];
}

function namesOf(context: LayerContext): Parameters<typeof addLayers>[1][number] {
  const colours = PALETTES[context.theme];
  return {
    id: "grid-names",
    type: "symbol",
    source: SOURCE,
    "source-layer": "grid_labels",
    minzoom: 13.2,
    layout: {
      "text-field": nameExpression(context.locale) as unknown as ExpressionSpecification,
      "text-size": ["interpolate", ["linear"], ["zoom"], 13, 10.5, 17, 14],
      "text-max-width": 7,
      "text-padding": 4,
    },
    paint: {
      "text-color": colours.gridText,
      "text-halo-color": colours.halo,
      "text-halo-width": 1.6,
    },
  };
}
