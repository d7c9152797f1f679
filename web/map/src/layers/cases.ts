import type { Lamp } from "@gridward/core";
import type { ExpressionSpecification, GeoJSONSource, Map as GlMap, MapLayerMouseEvent } from "maplibre-gl";

import { registerLampIcons } from "../icons";
import {
  addLayers,
  addSource,
  EMPTY,
  type LayerContext,
  listen,
  type MapLayer,
  pointable,
  setFeatures,
  takeAway,
} from "../layer";
import { LAMP_COLOURS, LAMPS_BY_URGENCY, PALETTES } from "../palette";

const SOURCE = "cases";
const LAYERS = ["case-points", "case-selected", "case-counts", "case-clusters"] as const;

/** Properties that every case feature carries. */
export interface CaseProperties {
  id: string;
  lamp: Lamp | "none";
}

export interface CasesLayer extends MapLayer {
  update(features: GeoJSON.FeatureCollection<GeoJSON.Point>): void;
  select(id: string | null): void;
}

/** Cases as points with the lamp's shape and colour; near ones are counted together under their worst lamp. */
export function casesLayer(settings: { onPick?: (id: string) => void } = {}): CasesLayer {
  let shown: GlMap | null = null;
  let unlisten: (() => void) | null = null;
  let features: GeoJSON.FeatureCollection = EMPTY;
  let selected: string | null = null;

  function pick(event: MapLayerMouseEvent): void {
    const id: unknown = event.features?.[0]?.properties["id"];
    event.preventDefault();
    if (typeof id === "string") settings.onPick?.(id);
  }

  async function open(event: MapLayerMouseEvent): Promise<void> {
    const feature = event.features?.[0];
    event.preventDefault();
    if (!shown || feature?.geometry.type !== "Point") return;
    const source = shown.getSource(SOURCE) as GeoJSONSource;
    const zoom = await source.getClusterExpansionZoom(Number(feature.properties["cluster_id"]));
    shown.easeTo({ center: feature.geometry.coordinates as [number, number], zoom: zoom + 0.3 });
  }

  return {
    id: "cases",
    add(map, context) {
      shown = map;
      registerLampIcons(map, context.theme);
      addSource(map, SOURCE, { type: "geojson", data: features, ...CLUSTERING });
      addLayers(map, layersOf(context, selected));
      unlisten ??= listen(map, (on) => {
        on("click", "case-points", pick);
        on("click", "case-clusters", (event) => void open(event));
        pointable(map, on, ["case-points", "case-clusters"]);
      });
    },
    update(change) {
      features = change;
      setFeatures(shown, SOURCE, features);
    },
    select(id) {
      selected = id;
      if (shown?.getLayer("case-selected")) shown.setFilter("case-selected", isCase(id));
    },
    remove(map) {
      shown = null;
      unlisten?.();
      unlisten = null;
      takeAway(map, LAYERS, [SOURCE]);
    },
  };
}

const CLUSTERING = {
  cluster: true,
  clusterRadius: 44,
  clusterMaxZoom: 15,
  clusterProperties: Object.fromEntries(
    LAMPS_BY_URGENCY.map((lamp) => [lamp, ["+", ["case", ["==", ["get", "lamp"], lamp], 1, 0]]]),
  ),
};

function isCase(id: string | null): ExpressionSpecification {
  return ["==", ["get", "id"], id ?? ""];
}

/** The colour of the worst lamp in a cluster. */
function clusterColour(context: LayerContext): ExpressionSpecification {
  const colours = LAMP_COLOURS[context.theme];
  const branches = LAMPS_BY_URGENCY.flatMap((lamp) => [[">", ["get", lamp], 0], colours[lamp]]);
  return ["case", ...branches, colours.none] as unknown as ExpressionSpecification;
}

/** `12`, or `12 !3` when three of them are overdue: the number says it beside the colour. */
const CLUSTER_TEXT = [
  "case",
  [">", ["get", "red"], 0],
  ["concat", ["get", "point_count_abbreviated"], "\n!", ["get", "red"]],
  ["concat", ["get", "point_count_abbreviated"], ""],
] as unknown as ExpressionSpecification;

function layersOf(context: LayerContext, selected: string | null): Parameters<typeof addLayers>[1] {
  const colours = PALETTES[context.theme];
  const clustered: ExpressionSpecification = ["has", "point_count"];
  return [
    {
      id: "case-clusters",
      type: "circle",
      source: SOURCE,
      filter: clustered,
      paint: {
        "circle-color": colours.stop,
        "circle-opacity": 0.94,
        "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "point_count"]], 1, 13, 10, 19, 40, 27],
        "circle-stroke-width": 2.5,
        "circle-stroke-color": clusterColour(context),
      },
    },
    {
      id: "case-counts",
      type: "symbol",
      source: SOURCE,
      filter: clustered,
      layout: {
        "text-field": CLUSTER_TEXT,
        "text-size": 11,
        "text-line-height": 1.05,
        "text-allow-overlap": true,
      },
      paint: { "text-color": colours.text },
    },
    {
      id: "case-selected",
      type: "circle",
      source: SOURCE,
      filter: isCase(selected),
      paint: {
        "circle-radius": 15,
        "circle-color": colours.gridSelected,
        "circle-opacity": 0.18,
        "circle-stroke-color": colours.gridSelected,
        "circle-stroke-width": 2.5,
      },
    },
    {
      id: "case-points",
      type: "symbol",
      source: SOURCE,
      filter: ["!", clustered],
      layout: {
        "icon-image": ["concat", "lamp-", ["get", "lamp"]],
        "icon-allow-overlap": true,
        "symbol-sort-key": ["match", ["get", "lamp"], "red", 4, "orange", 3, "yellow", 2, 1],
      },
    },
  ];
}
