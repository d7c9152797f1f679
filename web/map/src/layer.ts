import type { Locale } from "@gridward/core";
import type {
  AddLayerObject,
  GeoJSONSource,
  Map as GlMap,
  MapLayerEventType,
  SourceSpecification,
} from "maplibre-gl";

import type { Theme } from "./palette";

/** What a layer may know when it draws itself. */
export interface LayerContext {
  theme: Theme;
  locale: Locale;
  /** Absolute address of our server, for tiles. */
  origin: string;
}

/**
 * One thing on the map. A new base style drops every layer, so each module draws its own again: `add` is called after
 * each `style.load` with what the module knows at that time; `remove` takes away everything that `add` made.
 */
export interface MapLayer {
  readonly id: string;
  add(map: GlMap, context: LayerContext): void;
  remove(map: GlMap): void;
}

export const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

export function addSource(map: GlMap, id: string, source: SourceSpecification): void {
  if (!map.getSource(id)) map.addSource(id, source);
}

export function addLayers(map: GlMap, layers: readonly AddLayerObject[], beforeId?: string): void {
  const before = beforeId && map.getLayer(beforeId) ? beforeId : undefined;
  for (const layer of layers) if (!map.getLayer(layer.id)) map.addLayer(layer, before);
}

/** Removes the layers and sources by id; what is not there is passed over. */
export function takeAway(map: GlMap, layerIds: readonly string[], sourceIds: readonly string[]): void {
  for (const id of layerIds) if (map.getLayer(id)) map.removeLayer(id);
  for (const id of sourceIds) if (map.getSource(id)) map.removeSource(id);
}

export function setFeatures(map: GlMap | null, sourceId: string, features: GeoJSON.FeatureCollection): void {
  const source = map?.getSource(sourceId) as GeoJSONSource | undefined;
  source?.setData(features);
}

type LayerListener = <T extends keyof MapLayerEventType>(
  type: T,
  layerId: string,
  listener: (event: MapLayerEventType[T]) => void,
) => void;

/**
 * Listens on layers once per map: MapLibre keeps such listeners over style changes, so a second `add` must not add them
 * again. The function that comes back ends all of them.
 */
export function listen(map: GlMap, register: (on: LayerListener) => void): () => void {
  const ends: (() => void)[] = [];
  register((type, layerId, listener) => {
    const subscription = map.on(type, layerId, listener);
    ends.push(() => subscription.unsubscribe());
  });
  return () => ends.forEach((end) => end());
}

/** Pointing at any of these layers shows that it can be clicked. */
export function pointable(map: GlMap, on: LayerListener, layerIds: readonly string[]): void {
  for (const layerId of layerIds) {
    on("mouseenter", layerId, () => (map.getCanvas().style.cursor = "pointer"));
    on("mouseleave", layerId, () => (map.getCanvas().style.cursor = ""));
  }
}
