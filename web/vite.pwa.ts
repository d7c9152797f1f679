import type { PluginOption } from "vite";
import { VitePWA } from "vite-plugin-pwa";

/** Vant's icon sheet names a copy of its font on somebody else's server; our pages ask nobody but our own. */
export function ownFontsOnly(): PluginOption {
  return {
    name: "gridward-own-fonts-only",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("vant") || !id.endsWith(".css")) return null;
      return code.replace(/,\s*url\((?:https?:)?\/\/[^)]*\)\s*format\([^)]*\)/g, "");
    },
  };
}

/** Seen map tiles kept on the phone, so that the map is not empty where the signal is. */
const TILES_KEPT = 600;
const WEEK_S = 7 * 24 * 3600;

/**
 * Installable, and starts without a network: the shell is kept by a service worker. Answers of the API are never kept
 * by it, since they belong to one person; what a phone may keep of them is the app's own decision. A new version waits
 * until the app is closed, so that nothing is reloaded under somebody's hands.
 */
export function shell(app: { name: string; shortName: string; path: string; colour: string }): PluginOption {
  return VitePWA({
    registerType: "prompt",
    injectRegister: "script-defer",
    manifest: {
      name: app.name,
      short_name: app.shortName,
      lang: "zh-Hans",
      start_url: app.path,
      scope: app.path,
      display: "standalone",
      theme_color: app.colour,
      background_color: "#ffffff",
      icons: [{ src: "icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" }],
    },
    workbox: {
      globPatterns: ["**/*.{html,js,mjs,css,svg}"],
      maximumFileSizeToCacheInBytes: 3_000_000,
      navigateFallback: `${app.path}index.html`,
      runtimeCaching: [
        {
          urlPattern: ({ url }) => /^\/tiles\/(base|grids)\//.test(url.pathname),
          handler: "StaleWhileRevalidate",
          options: {
            cacheName: "gridward-tiles",
            expiration: { maxEntries: TILES_KEPT, maxAgeSeconds: WEEK_S },
          },
        },
        {
          urlPattern: ({ url }) => url.pathname.endsWith(".woff2"),
          handler: "CacheFirst",
          options: { cacheName: "gridward-fonts", expiration: { maxEntries: 120 } },
        },
      ],
    },
  });
}
