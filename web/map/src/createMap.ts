import type { Locale } from "@gridward/core";
import { AttributionControl, Map as GlMap, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";

import type { LayerContext, MapLayer } from "./layer";
import type { Theme } from "./palette";
import { baseStyle, MAP_FONT } from "./style";

setWorkerUrl(workerUrl);

export interface MapSettings {
  container: HTMLElement;
  theme: Theme;
  locale: Locale;
  center: [lon: number, lat: number];
  zoom: number;
  attribution?: string;
  /** Zoom buttons; phones leave them out. */
  controls?: boolean;
  origin?: string;
  attributionCompact?: boolean;
}

/** A MapLibre map with our base style and a stack of layer modules, lowest first. */
export interface GridwardMap {
  readonly map: GlMap;
  add(layer: MapLayer): void;
  remove(layer: MapLayer): void;
  setLook(look: { theme?: Theme; locale?: Locale }): void;
  destroy(): void;
}

const TEXT_TO_LOAD = "网格通街道社区路巷号Aa1";

/**
 * Makes the map. The font has to be there before the first label is drawn, since MapLibre keeps the glyphs it made:
 * call `await fontsReady()` first.
 */
export function createMap(settings: MapSettings): GridwardMap {
  const origin = settings.origin ?? globalThis.location.origin;
  const attribution = settings.attribution ?? "";
  const look: LayerContext = { theme: settings.theme, locale: settings.locale, origin };
  const stack: MapLayer[] = [];
  const map = new GlMap({
    container: settings.container,
    style: baseStyle({ ...look, attribution }),
    center: settings.center,
    zoom: settings.zoom,
    minZoom: 8,
    maxZoom: 20,
    attributionControl: false,
    localIdeographFontFamily: MAP_FONT,
    dragRotate: false,
    pitchWithRotate: false,
    rollEnabled: false,
    fadeDuration: 120,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new AttributionControl({ compact: settings.attributionCompact ?? false }), "bottom-right");
  map.addControl(new ScaleControl({ maxWidth: 90, unit: "metric" }), "bottom-left");
  if (settings.controls !== false) map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.on("style.load", () => stack.forEach((layer) => layer.add(map, look)));

  return {
    map,
    add(layer) {
      if (stack.includes(layer)) return;
      stack.push(layer);
      if (map.isStyleLoaded() || map.getLayer("land")) layer.add(map, look);
    },
    remove(layer) {
      const at = stack.indexOf(layer);
      if (at < 0) return;
      stack.splice(at, 1);
      layer.remove(map);
    },
    setLook(change) {
      Object.assign(look, change);
      map.setStyle(baseStyle({ ...look, attribution }), { diff: false });
    },
    destroy() {
      map.remove();
    },
  };
}

/** Resolves when the label font can be drawn, or after `limitMs`: a map with a fallback font is better than none. */
export async function fontsReady(limitMs = 2_000): Promise<void> {
  const load = document.fonts.load('16px "Noto Sans SC Variable"', TEXT_TO_LOAD).then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([load, new Promise<void>((resolve) => setTimeout(resolve, limitMs))]);
}
