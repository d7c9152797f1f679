import type { DivisionDetail, DivisionFault } from "@gridward/core";
import {
  addLayers,
  addSource,
  EMPTY,
  type LayerContext,
  listen,
  type MapLayer,
  PALETTES,
  setFeatures,
  takeAway,
} from "@gridward/map";
import type { Map as GlMap } from "maplibre-gl";

const SOURCES = ["draft", "draft-labels", "draft-faults", "draft-spots", "draft-moved"] as const;
const LAYERS = [
  "draft-names",
  "draft-spot",
  "draft-fault-line",
  "draft-fault",
  "draft-moved",
  "draft-selected",
  "draft-line",
  "draft-fill",
] as const;

export interface DraftState {
  division: DivisionDetail | null;
  selected: readonly string[];
  fault: DivisionFault | null;
  moved: GeoJSON.FeatureCollection;
}

export interface DraftLayer extends MapLayer {
  update(state: Partial<DraftState>): void;
}

/** The outlines of a draft, its faults, and the ground that changes hands. */
export function draftLayer(settings: {
  onPick: (code: string, more: boolean) => void;
  onStyle: () => void;
}): DraftLayer {
  let shown: GlMap | null = null;
  let unlisten: (() => void) | null = null;
  const state: DraftState = { division: null, selected: [], fault: null, moved: EMPTY };

  function refresh(): void {
    if (!shown?.getSource("draft")) return;
    const features = state.division?.features ?? EMPTY;
    setFeatures(shown, "draft", features);
    setFeatures(shown, "draft-labels", labelsOf(state.division));
    const { areas, spots } = faultsOf(state.division, state.fault);
    setFeatures(shown, "draft-faults", areas);
    setFeatures(shown, "draft-spots", spots);
    setFeatures(shown, "draft-moved", state.moved);
    shown.setFilter("draft-selected", ["in", ["get", "code"], ["literal", [...state.selected]]]);
  }

  return {
    id: "draft",
    add(map, context) {
      shown = map;
      for (const id of SOURCES) addSource(map, id, { type: "geojson", data: EMPTY });
      addLayers(map, layersOf(context));
      refresh();
      unlisten ??= listen(map, (on) =>
        on("click", "draft-fill", (event) => {
          const code: unknown = event.features?.[0]?.properties["code"];
          if (typeof code === "string") settings.onPick(code, event.originalEvent.shiftKey);
        }),
      );
      settings.onStyle();
    },
    update(change) {
      Object.assign(state, change);
      refresh();
    },
    remove(map) {
      shown = null;
      unlisten?.();
      unlisten = null;
      takeAway(map, LAYERS, SOURCES);
    },
  };
}

function labelsOf(division: DivisionDetail | null): GeoJSON.FeatureCollection {
  const features = (division?.features.features ?? []).map(({ properties }): GeoJSON.Feature => ({
    type: "Feature",
    geometry: { type: "Point", coordinates: properties.label },
    properties: { name: properties.name, name_en: properties.name_en || properties.name },
  }));
  return { type: "FeatureCollection", features };
}

function faultsOf(
  division: DivisionDetail | null,
  chosen: DivisionFault | null,
): { areas: GeoJSON.FeatureCollection; spots: GeoJSON.FeatureCollection } {
  const faults = division?.report?.faults ?? [];
  const facts = (fault: DivisionFault) => ({ chosen: fault.id === chosen?.id, blocking: fault.is_blocking });
  const areas = faults.flatMap((fault): GeoJSON.Feature[] =>
    fault.outline
      ? [
          {
            type: "Feature",
            geometry: fault.outline as unknown as GeoJSON.Geometry,
            properties: facts(fault),
          },
        ]
      : [],
  );
  const spots = faults.flatMap((fault): GeoJSON.Feature[] =>
    fault.spot
      ? [{ type: "Feature", geometry: { type: "Point", coordinates: fault.spot }, properties: facts(fault) }]
      : [],
  );
  return {
    areas: { type: "FeatureCollection", features: areas },
    spots: { type: "FeatureCollection", features: spots },
  };
}

function layersOf(context: LayerContext): Parameters<typeof addLayers>[1] {
  const colours = PALETTES[context.theme];
  const bad = context.theme === "dark" ? "#ff6257" : "#c8281e";
  const warn = context.theme === "dark" ? "#e9be63" : "#b26a00";
  return [
    {
      id: "draft-fill",
      type: "fill",
      source: "draft",
      paint: { "fill-color": colours.grid, "fill-opacity": ["case", ["get", "is_new"], 0.2, 0.05] },
    },
    {
      id: "draft-line",
      type: "line",
      source: "draft",
      layout: { "line-join": "round" },
      paint: {
        "line-color": colours.grid,
        "line-width": ["interpolate", ["linear"], ["zoom"], 12, 1, 17, 2.4],
      },
    },
    {
      id: "draft-selected",
      type: "line",
      source: "draft",
      filter: ["in", ["get", "code"], ["literal", []]],
      layout: { "line-join": "round" },
      paint: { "line-color": colours.gridSelected, "line-width": 3.5 },
    },
    {
      id: "draft-moved",
      type: "fill",
      source: "draft-moved",
      paint: { "fill-color": colours.planned, "fill-opacity": 0.32 },
    },
    {
      id: "draft-fault",
      type: "fill",
      source: "draft-faults",
      paint: { "fill-color": ["case", ["get", "blocking"], bad, warn], "fill-opacity": 0.35 },
    },
    {
      id: "draft-fault-line",
      type: "line",
      source: "draft-faults",
      paint: {
        "line-color": ["case", ["get", "blocking"], bad, warn],
        "line-width": ["case", ["get", "chosen"], 4, 1.6],
      },
    },
    {
      id: "draft-spot",
      type: "circle",
      source: "draft-spots",
      paint: {
        "circle-color": ["case", ["get", "blocking"], bad, warn],
        "circle-radius": ["case", ["get", "chosen"], 9, 4.5],
        "circle-stroke-color": colours.halo,
        "circle-stroke-width": 1.5,
      },
    },
    {
      id: "draft-names",
      type: "symbol",
      source: "draft-labels",
      layout: {
        "text-field": ["get", context.locale === "en" ? "name_en" : "name"],
        "text-size": ["interpolate", ["linear"], ["zoom"], 12, 10, 17, 14],
        "text-max-width": 7,
        "text-padding": 3,
      },
      paint: { "text-color": colours.gridText, "text-halo-color": colours.halo, "text-halo-width": 1.6 },
    },
  ];
}
