import type { DisputeDetail } from "@gridward/core";
import { addLayers, addSource, EMPTY, type MapLayer, PALETTES, setFeatures, takeAway } from "@gridward/map";
import type { Map as GlMap } from "maplibre-gl";

const SOURCES = ["dispute-grids", "dispute-stretch", "dispute-case"] as const;
const LAYERS = ["dispute-point", "dispute-line", "dispute-border", "dispute-fill"] as const;

export interface DisputeLayer extends MapLayer {
  update(dispute: DisputeDetail | null): void;
}

/** Both grids of a dispute, the stretch of border between them, and the case. */
export function disputeLayer(): DisputeLayer {
  let shown: GlMap | null = null;
  let dispute: DisputeDetail | null = null;

  function refresh(): void {
    if (!shown?.getSource("dispute-grids")) return;
    setFeatures(shown, "dispute-grids", gridsOf(dispute));
    setFeatures(shown, "dispute-stretch", collection(dispute?.stretch ? [feature(dispute.stretch, {})] : []));
    setFeatures(shown, "dispute-case", collection(dispute ? [feature(pointOf(dispute), {})] : []));
  }

  return {
    id: "dispute",
    add(map, context) {
      shown = map;
      const colours = PALETTES[context.theme];
      const hot = context.theme === "dark" ? "#ff6257" : "#c8281e";
      for (const id of SOURCES) addSource(map, id, { type: "geojson", data: EMPTY });
      addLayers(map, [
        {
          id: "dispute-fill",
          type: "fill",
          source: "dispute-grids",
          paint: {
            "fill-color": ["case", ["get", "own"], colours.gridSelected, colours.walked],
            "fill-opacity": 0.13,
          },
        },
        {
          id: "dispute-border",
          type: "line",
          source: "dispute-grids",
          layout: { "line-join": "round" },
          paint: {
            "line-color": ["case", ["get", "own"], colours.gridSelected, colours.walked],
            "line-width": 2.2,
          },
        },
        {
          id: "dispute-line",
          type: "line",
          source: "dispute-stretch",
          layout: { "line-cap": "round" },
          paint: { "line-color": hot, "line-width": 6, "line-opacity": 0.85 },
        },
        {
          id: "dispute-point",
          type: "circle",
          source: "dispute-case",
          paint: {
            "circle-radius": 8,
            "circle-color": hot,
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 2.5,
          },
        },
      ]);
      refresh();
    },
    update(now) {
      dispute = now;
      refresh();
    },
    remove(map) {
      shown = null;
      takeAway(map, LAYERS, SOURCES);
    },
  };
}

/** Where to look: the stretch and the case, else the outline of the grid. */
export function sightOf(dispute: DisputeDetail): readonly (readonly [number, number])[] {
  const at = pointOf(dispute).coordinates as [number, number];
  if (dispute.stretch) return [at, ...(dispute.stretch.coordinates as [number, number][])];
  return [at, ...((dispute.outline?.coordinates ?? []).flat(2) as [number, number][])];
}

function pointOf(dispute: DisputeDetail): GeoJSON.Point {
  return { type: "Point", coordinates: [dispute.case.location.lon, dispute.case.location.lat] };
}

function gridsOf(dispute: DisputeDetail | null): GeoJSON.FeatureCollection {
  const { outline, other_outline } = dispute ?? { outline: null, other_outline: null };
  return collection([
    ...(other_outline ? [feature(other_outline, { own: false })] : []),
    ...(outline ? [feature(outline, { own: true })] : []),
  ]);
}

function feature(geometry: GeoJSON.Geometry, properties: GeoJSON.GeoJsonProperties): GeoJSON.Feature {
  return { type: "Feature", geometry, properties };
}

function collection(features: GeoJSON.Feature[]): GeoJSON.FeatureCollection {
  return { type: "FeatureCollection", features };
}
