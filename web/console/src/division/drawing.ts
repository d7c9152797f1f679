import type { Map as GlMap } from "maplibre-gl";
import {
  type GeoJSONStoreFeatures,
  TerraDraw,
  TerraDrawLineStringMode,
  TerraDrawPointMode,
  TerraDrawPolygonMode,
  TerraDrawRenderMode,
  TerraDrawSelectMode,
} from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";

import { vertexMove, type VertexMove } from "./vertices";

export interface Drawn {
  onMove(move: VertexMove): void;
  onLine(line: GeoJSON.LineString): void;
  onPolygon(polygon: GeoJSON.Polygon): void;
  onPoint?(point: GeoJSON.Point): void;
}

/** What a person draws over the draft: the corners of one grid, a line across it, a new outline. */
export interface Drawing {
  /** Shows the corners of this outline so that they can be dragged; null: none. */
  shape(polygon: GeoJSON.Polygon | null): void;
  line(): void;
  polygon(): void;
  point(): void;
  rest(): void;
  end(): void;
}

const BRAND = "#1f5fae";

/** Starts drawing on a map whose style has been loaded; a new style needs a new one. */
export function startDrawing(map: GlMap, drawn: Drawn): Drawing {
  let number = 0;
  let before: GeoJSON.Polygon | null = null;
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 9 }),
    idStrategy: { isValidId: (id) => typeof id === "string", getId: () => `drawn-${++number}` },
    modes: [
      new TerraDrawSelectMode({
        allowManualSelection: false,
        allowManualDeselection: false,
        keyEvents: null,
        flags: { polygon: { feature: { coordinates: { draggable: true, midpoints: { draggable: true } } } } },
        styles: {
          selectedPolygonColor: BRAND,
          selectedPolygonFillOpacity: 0.08,
          selectedPolygonOutlineColor: BRAND,
          selectedPolygonOutlineWidth: 2.5,
          selectionPointColor: "#ffffff",
          selectionPointOutlineColor: BRAND,
          selectionPointOutlineWidth: 2,
          selectionPointWidth: 6,
          midPointColor: BRAND,
          midPointOutlineColor: "#ffffff",
          midPointWidth: 3.5,
        },
      }),
      new TerraDrawLineStringMode({ styles: { lineStringColor: "#c8281e", lineStringWidth: 3 } }),
      new TerraDrawPolygonMode({ styles: { fillColor: BRAND, fillOpacity: 0.2, outlineColor: BRAND } }),
      new TerraDrawPointMode({ styles: { pointColor: BRAND, pointWidth: 7 } }),
      new TerraDrawRenderMode({ modeName: "rest", styles: {} }),
    ],
  });

  draw.on("finish", (id, context) => {
    const geometry = draw.getSnapshotFeature(id)?.geometry;
    if (context.mode === "select" && geometry?.type === "Polygon" && before) {
      const move = vertexMove(before, geometry);
      if (move) drawn.onMove(move);
    } else if (context.mode === "linestring" && geometry?.type === "LineString") {
      drawn.onLine(geometry);
    } else if (context.mode === "polygon" && geometry?.type === "Polygon") {
      drawn.onPolygon(geometry);
    } else if (context.mode === "point" && geometry?.type === "Point") {
      drawn.onPoint?.(geometry);
    }
  });
  draw.start();
  draw.setMode("rest");

  function begin(mode: "linestring" | "polygon" | "point" | "rest"): void {
    before = null;
    draw.clear();
    draw.setMode(mode);
  }

  return {
    shape(polygon) {
      begin("rest");
      if (!polygon) return;
      draw.setMode("select");
      const feature = {
        type: "Feature",
        geometry: polygon,
        properties: { mode: "polygon" },
      } as GeoJSONStoreFeatures;
      const [kept] = draw.addFeatures([feature]);
      if (!kept?.valid || kept.id === undefined) return;
      before = polygon;
      draw.selectFeature(kept.id);
    },
    line: () => begin("linestring"),
    polygon: () => begin("polygon"),
    point: () => begin("point"),
    rest: () => begin("rest"),
    end: () => draw.stop(),
  };
}
