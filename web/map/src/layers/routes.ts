import type { LonLat, StopState } from "@gridward/core";
import type { ExpressionSpecification, Map as GlMap } from "maplibre-gl";

import { registerArrowIcons } from "../icons";
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
import { type Palette, PALETTES } from "../palette";

type Line = GeoJSON.LineString | GeoJSON.MultiLineString;

export interface RouteStop extends LonLat {
  id: string;
  seq: number;
  state: StopState;
  /** A booked appointment: drawn with a thicker rim, since its time is fixed. */
  fixed: boolean;
}

export interface PlannedRouteShape {
  lines: readonly Line[];
  stops: readonly RouteStop[];
  /** Numbers are left out where several days lie on one map; true without a word. */
  numbered?: boolean;
}

export interface PlannedRouteLayer extends MapLayer {
  update(route: PlannedRouteShape | null): void;
  select(stopId: string | null): void;
}

const PLANNED = [
  "planned-stop-numbers",
  "planned-stops",
  "planned-stop-selected",
  "planned-arrows",
  "planned-line",
];

/** The planned way of a day with its numbered stops: dashed, since nobody has walked it yet. */
export function plannedRouteLayer(settings: { onPick?: (stopId: string) => void } = {}): PlannedRouteLayer {
  let shown: GlMap | null = null;
  let unlisten: (() => void) | null = null;
  let route: PlannedRouteShape = { lines: [], stops: [] };
  let selected: string | null = null;

  return {
    id: "planned-route",
    add(map, context) {
      shown = map;
      registerArrowIcons(map, context.theme);
      addSource(map, "planned-line", { type: "geojson", data: lineFeatures(route.lines) });
      addSource(map, "planned-stops", { type: "geojson", data: stopFeatures(route.stops, route.numbered) });
      addLayers(map, [
        ...lineLayers("planned", PALETTES[context.theme].planned, context, [2, 1.6]),
        ...stopLayers(context, selected),
      ]);
      unlisten ??= listen(map, (on) => {
        on("click", "planned-stops", (event) => {
          event.preventDefault();
          const id: unknown = event.features?.[0]?.properties["id"];
          if (typeof id === "string") settings.onPick?.(id);
        });
        pointable(map, on, ["planned-stops"]);
      });
    },
    update(change) {
      route = change ?? { lines: [], stops: [] };
      setFeatures(shown, "planned-line", lineFeatures(route.lines));
      setFeatures(shown, "planned-stops", stopFeatures(route.stops, route.numbered));
    },
    select(stopId) {
      selected = stopId;
      if (shown?.getLayer("planned-stop-selected")) shown.setFilter("planned-stop-selected", isStop(stopId));
    },
    remove(map) {
      shown = null;
      unlisten?.();
      unlisten = null;
      takeAway(map, PLANNED, ["planned-line", "planned-stops"]);
    },
  };
}

export interface WalkedRouteLayer extends MapLayer {
  update(track: GeoJSON.FeatureCollection | null): void;
}

/** The walked way: solid, broken where the phone sent nothing. */
export function walkedRouteLayer(): WalkedRouteLayer {
  let shown: GlMap | null = null;
  let track: GeoJSON.FeatureCollection = EMPTY;
  return {
    id: "walked-route",
    add(map, context) {
      shown = map;
      registerArrowIcons(map, context.theme);
      addSource(map, "walked-line", { type: "geojson", data: track });
      addLayers(map, lineLayers("walked", PALETTES[context.theme].walked, context, null));
    },
    update(change) {
      track = change ?? EMPTY;
      setFeatures(shown, "walked-line", track);
    },
    remove(map) {
      shown = null;
      takeAway(map, ["walked-arrows", "walked-line", "walked-casing"], ["walked-line"]);
    },
  };
}

function isStop(id: string | null): ExpressionSpecification {
  return id === null ? ["==", ["get", "id"], ""] : ["in", id, ["get", "ids"]];
}

function lineFeatures(lines: readonly Line[]): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: lines.map((geometry) => ({ type: "Feature", geometry, properties: {} })),
  };
}

/**
 * Stops as points. Calls at the same door share one point, since their numbers would cover each other: `4–6`. A mark says
 * what is done (✓) or will not be done (×).
 */
export function stopFeatures(stops: readonly RouteStop[], numbered = true): GeoJSON.FeatureCollection {
  const doors = new Map<string, RouteStop[]>();
  for (const stop of stops) {
    const door = `${stop.lon.toFixed(6)},${stop.lat.toFixed(6)}`;
    doors.set(door, [...(doors.get(door) ?? []), stop]);
  }
  return {
    type: "FeatureCollection",
    features: [...doors.values()].flatMap((group): GeoJSON.Feature[] => {
      const [first] = group;
      if (!first) return [];
      const state = group.every((stop) => stop.state === first.state) ? first.state : "planned";
      const text = stopText(group, state, numbered);
      return [
        {
          type: "Feature",
          geometry: { type: "Point", coordinates: [first.lon, first.lat] },
          properties: {
            id: first.id,
            ids: group.map((stop) => stop.id).join(" "),
            text,
            state,
            fixed: group.some((stop) => stop.fixed),
            radius: numbered ? 8 + 2 * Math.max(1, text.length) : 5,
          },
        },
      ];
    }),
  };
}

function stopText(group: readonly RouteStop[], state: StopState, numbered: boolean): string {
  if (state === "done") return "✓";
  if (state === "skipped" || state === "missed") return "×";
  if (!numbered) return "";
  const numbers = group.map((stop) => stop.seq).sort((a, b) => a - b);
  const [low = 0, high = 0] = [numbers[0], numbers.at(-1)];
  if (numbers.length === 1) return String(low);
  return high - low === numbers.length - 1 ? `${low}–${high}` : `${low}…${high}`;
}

function lineLayers(
  name: "planned" | "walked",
  colour: string,
  context: LayerContext,
  dashes: [number, number] | null,
): Parameters<typeof addLayers>[1] {
  const source = `${name}-line`;
  const width: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 12, 2, 17, 4.5];
  const casing: Parameters<typeof addLayers>[1] = dashes
    ? []
    : [
        {
          id: `${name}-casing`,
          type: "line",
          source,
          layout: { "line-cap": "round", "line-join": "round" },
          paint: { "line-color": PALETTES[context.theme].halo, "line-width": 7, "line-opacity": 0.8 },
        },
      ];
  return [
    ...casing,
    {
      id: `${name}-line`,
      type: "line",
      source,
      layout: { "line-cap": dashes ? "butt" : "round", "line-join": "round" },
      paint: {
        "line-color": colour,
        "line-width": width,
        // The plan runs a little beside the way, so that the walked line and the way back stay visible.
        ...(dashes ? { "line-dasharray": dashes, "line-offset": 2.5 } : {}),
      },
    },
    {
      id: `${name}-arrows`,
      type: "symbol",
      source,
      minzoom: 14,
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 110,
        "icon-image": `arrow-${name}`,
        "icon-allow-overlap": true,
        "icon-rotation-alignment": "map",
      },
    },
  ];
}

function stopLayers(context: LayerContext, selected: string | null): Parameters<typeof addLayers>[1] {
  const c = PALETTES[context.theme];
  return [
    {
      id: "planned-stop-selected",
      type: "circle",
      source: "planned-stops",
      filter: isStop(selected),
      paint: {
        "circle-radius": ["+", ["get", "radius"], 7],
        "circle-color": c.planned,
        "circle-opacity": 0.28,
      },
    },
    {
      id: "planned-stops",
      type: "circle",
      source: "planned-stops",
      paint: {
        "circle-radius": ["get", "radius"],
        "circle-color": stopFill(c),
        "circle-stroke-color": stopLine(c),
        "circle-stroke-width": ["case", ["get", "fixed"], 3.5, 2],
      },
    },
    {
      id: "planned-stop-numbers",
      type: "symbol",
      source: "planned-stops",
      layout: {
        "text-field": ["get", "text"],
        "text-size": 11,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": ["match", ["get", "state"], "done", c.stop, c.stopText] },
    },
  ];
}

function stopFill(c: Palette): ExpressionSpecification {
  return ["match", ["get", "state"], "done", c.walked, c.stop];
}

function stopLine(c: Palette): ExpressionSpecification {
  return [
    "match",
    ["get", "state"],
    "done",
    c.walked,
    ["missed", "skipped"],
    c.workerOld,
    "arrived",
    c.walked,
    c.planned,
  ];
}
