import type { Locale } from "@gridward/core";
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";

import { PALETTES, type Palette, type Theme } from "./palette";

export interface StyleSettings {
  theme: Theme;
  locale: Locale;
  /** Where the tiles are served, e.g. `https://city.example`; tile addresses have to be absolute. */
  origin: string;
  attribution: string;
}

/** Fonts for every label; drawn on this device, since the style names no glyph server. */
export const MAP_FONT =
  '"Noto Sans SC Variable", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

const MAX_TILE_ZOOM = 16;

/** Our own base map over `/tiles/base`: ground, water, roads, buildings, names. No sprite and no glyph server. */
export function baseStyle(settings: StyleSettings): StyleSpecification {
  const colours = PALETTES[settings.theme];
  return {
    version: 8,
    sources: {
      base: {
        type: "vector",
        tiles: [`${settings.origin}/tiles/base/{z}/{x}/{y}.mvt`],
        minzoom: 8,
        maxzoom: MAX_TILE_ZOOM,
        attribution: settings.attribution,
      },
    },
    layers: [
      ...groundLayers(colours),
      ...roadLayers(colours),
      ...buildingLayers(colours),
      ...nameLayers(colours, settings.locale),
    ],
  };
}

/** The name in the chosen language, else the Chinese one. */
export function nameExpression(locale: Locale): ["case", ...unknown[]] {
  const [first, second] = locale === "en" ? ["name_en", "name"] : ["name", "name_en"];
  const known = ["!=", ["coalesce", ["get", first], ""], ""];
  return ["case", known, ["get", first], ["coalesce", ["get", second], ""]];
}

function groundLayers(c: Palette): LayerSpecification[] {
  const kind = ["get", "kind"];
  return [
    { id: "land", type: "background", paint: { "background-color": c.land } },
    {
      id: "landuse",
      type: "fill",
      source: "base",
      "source-layer": "landuse",
      paint: {
        "fill-color": [
          "match",
          kind,
          [
            "park",
            "garden",
            "grass",
            "forest",
            "wood",
            "recreation_ground",
            "pitch",
            "playground",
            "village_green",
          ],
          c.park,
          ["farmland", "farm", "orchard", "meadow", "farmyard", "greenhouse_horticulture"],
          c.field,
          ["industrial", "construction", "railway", "bus_station", "parking"],
          c.works,
          [
            "school",
            "kindergarten",
            "college",
            "university",
            "hospital",
            "clinic",
            "townhall",
            "community_centre",
            "social_facility",
          ],
          c.institution,
          c.built,
        ],
        "fill-antialias": true,
      } as never,
    },
    {
      id: "water",
      type: "fill",
      source: "base",
      "source-layer": "water",
      filter: ["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]] as never,
      paint: { "fill-color": c.water, "fill-outline-color": c.waterLine },
    },
    {
      id: "waterways",
      type: "line",
      source: "base",
      "source-layer": "water",
      filter: ["in", ["geometry-type"], ["literal", ["LineString", "MultiLineString"]]] as never,
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": c.water,
        "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 11, 1, 18, 14],
      },
    },
  ];
}

/** Width of a carriageway in pixels by its rank; doubles about every one and a half zooms. */
const WIDTHS: readonly (readonly [classes: readonly string[], at12: number, at18: number])[] = [
  [["motorway", "trunk", "primary", "motorway_link", "trunk_link", "primary_link"], 2.4, 26],
  [["secondary", "secondary_link"], 1.8, 21],
  [["tertiary", "tertiary_link"], 1.3, 17],
  [["residential", "unclassified", "living_street", "road"], 0.7, 12],
  [["service"], 0.3, 7],
];
const PATHS = ["footway", "path", "steps", "pedestrian", "cycleway", "track", "corridor"];

function roadWidth(extra: number): unknown {
  const at = (column: 1 | 2): unknown[] => [
    "match",
    ["get", "class"],
    ...WIDTHS.flatMap((row) => [[...row[0]], row[column] + extra * (column === 1 ? 0.6 : 1)]),
    (column === 1 ? 0.5 : 8) + extra,
  ];
  return ["interpolate", ["exponential", 1.5], ["zoom"], 12, at(1), 18, at(2)];
}

function roadLayers(c: Palette): LayerSpecification[] {
  const isPath = ["in", ["get", "class"], ["literal", PATHS]];
  const isMain = [
    "in",
    ["get", "class"],
    ["literal", [...(WIDTHS[0]?.[0] ?? []), ...(WIDTHS[1]?.[0] ?? [])]],
  ];
  const road = { source: "base", "source-layer": "roads" } as const;
  const round = { "line-cap": "round", "line-join": "round" } as const;
  return [
    {
      id: "road-paths",
      type: "line",
      ...road,
      minzoom: 14.5,
      filter: isPath as never,
      layout: { "line-join": "round" },
      paint: {
        "line-color": c.path,
        "line-width": ["interpolate", ["linear"], ["zoom"], 15, 0.8, 18, 2],
        "line-dasharray": [3, 1.6],
      },
    },
    {
      id: "road-casings",
      type: "line",
      ...road,
      minzoom: 13,
      filter: ["!", isPath] as never,
      layout: round,
      paint: { "line-color": c.roadCase, "line-width": roadWidth(1.8) as never },
    },
    {
      id: "roads",
      type: "line",
      ...road,
      filter: ["!", isPath] as never,
      layout: round,
      paint: {
        "line-color": ["case", isMain, c.roadMain, c.road] as never,
        "line-width": roadWidth(0) as never,
      },
    },
  ];
}

function buildingLayers(c: Palette): LayerSpecification[] {
  return [
    {
      id: "buildings",
      type: "fill",
      source: "base",
      "source-layer": "buildings",
      minzoom: 14.5,
      paint: {
        "fill-color": c.building,
        "fill-outline-color": c.buildingLine,
        "fill-opacity": ["interpolate", ["linear"], ["zoom"], 14.5, 0, 15.3, 1],
      },
    },
  ];
}

function nameLayers(c: Palette, locale: Locale): LayerSpecification[] {
  const name = nameExpression(locale) as never;
  const halo = { "text-halo-color": c.halo, "text-halo-width": 1.4 } as const;
  return [
    {
      id: "road-names",
      type: "symbol",
      source: "base",
      "source-layer": "roads",
      minzoom: 14,
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 320,
        "text-field": name,
        "text-size": ["interpolate", ["linear"], ["zoom"], 14, 10, 18, 13],
        "text-letter-spacing": 0.05,
      },
      paint: { "text-color": c.textSoft, ...halo },
    },
    {
      id: "house-numbers",
      type: "symbol",
      source: "base",
      "source-layer": "buildings",
      minzoom: 17,
      layout: { "text-field": ["coalesce", ["get", "housenumber"], ""], "text-size": 10 },
      paint: { "text-color": c.textSoft, ...halo },
    },
    {
      id: "place-names",
      type: "symbol",
      source: "base",
      "source-layer": "places",
      minzoom: 11,
      layout: {
        "text-field": name,
        "text-size": [
          "match",
          ["get", "kind"],
          ["city", "town", "suburb", "borough"],
          15,
          ["quarter", "neighbourhood", "village"],
          12,
          11,
        ],
        "text-max-width": 8,
        "text-padding": 6,
      },
      paint: { "text-color": c.text, ...halo },
    },
  ];
}
