import type { ExpressionSpecification, Map as GlMap } from "maplibre-gl";

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

const SOURCE = "unseen";
const LAYERS = ["unseen-points", "unseen-selected", "unseen-names"] as const;

export interface UnseenPlace {
  id: string;
  name: string;
  lon: number;
  lat: number;
  /** Days since somebody looked; null: nobody ever did. */
  unseenDays: number | null;
  overdueDays: number;
}

/** Longer unseen is darker and larger; also told apart without colour. */
export const UNSEEN_STEPS = [
  { days: 0, radius: 4, light: "#f2c14e", dark: "#c9982c" },
  { days: 30, radius: 5.5, light: "#e8862e", dark: "#dd7f2b" },
  { days: 90, radius: 7, light: "#c8432b", dark: "#e0593f" },
  { days: 180, radius: 8.5, light: "#7d1f3c", dark: "#c14a73" },
] as const;
const NEVER = 100_000;
/** Share of the radius at a zoom: a whole town stays readable, a street has targets for a finger. */
const GROWTH = [
  [12, 0.35],
  [14, 0.6],
  [16, 1],
  [18, 1.3],
] as const;

export interface UnseenLayer extends MapLayer {
  update(places: readonly UnseenPlace[]): void;
  select(id: string | null): void;
}

/** Places that nobody looked at for long. */
export function unseenLayer(settings: { onPick?: (id: string) => void } = {}): UnseenLayer {
  let shown: GlMap | null = null;
  let unlisten: (() => void) | null = null;
  let features = unseenFeatures([]);
  let selected: string | null = null;

  return {
    id: "unseen",
    add(map, context) {
      shown = map;
      addSource(map, SOURCE, { type: "geojson", data: features });
      addLayers(map, layersOf(context, selected));
      unlisten ??= listen(map, (on) => {
        on("click", "unseen-points", (event) => {
          event.preventDefault();
          const id: unknown = event.features?.[0]?.properties["id"];
          if (typeof id === "string") settings.onPick?.(id);
        });
        pointable(map, on, ["unseen-points"]);
      });
    },
    update(places) {
      features = unseenFeatures(places);
      setFeatures(shown, SOURCE, features);
    },
    select(id) {
      selected = id;
      if (shown?.getLayer("unseen-selected"))
        shown.setFilter("unseen-selected", ["==", ["get", "id"], id ?? ""]);
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
export function unseenFeatures(places: readonly UnseenPlace[]): GeoJSON.FeatureCollection<GeoJSON.Point> {
  return {
    type: "FeatureCollection",
    features: places.map((place) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [place.lon, place.lat] },
      properties: { id: place.id, name: place.name, days: place.unseenDays ?? NEVER },
    })),
  };
}

function layersOf(context: LayerContext, selected: string | null): Parameters<typeof addLayers>[1] {
  const palette = PALETTES[context.theme];
  const [first, ...rest] = UNSEEN_STEPS;
  const colour: ExpressionSpecification = [
    "step",
    ["get", "days"],
    first[context.theme],
    ...rest.flatMap((one) => [one.days, one[context.theme]]),
  ];
  const radiusAt = (share: number): ExpressionSpecification => [
    "step",
    ["get", "days"],
    first.radius * share,
    ...rest.flatMap((one) => [one.days, one.radius * share]),
  ];
  const radius: ExpressionSpecification = [
    "interpolate",
    ["linear"],
    ["zoom"],
    ...GROWTH.flatMap(([zoom, share]) => [zoom, radiusAt(share)]),
  ];
  return [
    {
      id: "unseen-points",
      type: "circle",
      source: SOURCE,
      layout: { "circle-sort-key": ["get", "days"] },
      paint: {
        "circle-color": colour,
        "circle-radius": radius,
        "circle-stroke-color": palette.halo,
        "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 12, 0.4, 16, 1.2],
      },
    },
    {
      id: "unseen-selected",
      type: "circle",
      source: SOURCE,
      filter: ["==", ["get", "id"], selected ?? ""],
      paint: {
        "circle-color": "transparent",
        "circle-radius": 12,
        "circle-stroke-color": palette.gridSelected,
        "circle-stroke-width": 3,
      },
    },
    {
      id: "unseen-names",
      type: "symbol",
      source: SOURCE,
      minzoom: 16,
      layout: {
        "text-field": ["get", "name"],
        "text-size": 11,
        "text-offset": [0, 1.1],
        "text-anchor": "top",
        "text-max-width": 9,
        "text-optional": true,
      },
      paint: { "text-color": palette.text, "text-halo-color": palette.halo, "text-halo-width": 1.4 },
    },
  ];
}
