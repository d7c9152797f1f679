import { fileURLToPath } from "node:url";

import vue from "@vitejs/plugin-vue";
import type { PluginOption, UserConfig } from "vite";

/** Where `npm run dev` sends calls that the web apps do not answer themselves. */
const BACKEND = process.env["GRIDWARD_DEV_BACKEND"] ?? "http://127.0.0.1:8000";
const PROXIED = ["/api", "/tiles", "/live", "/_media", "/media", "/static"];

/** One of the three apps, built to `web/dist/<name>` and served under `/<name>/`. */
export function appConfig(name: string, options: { port: number; plugins?: PluginOption[] }): UserConfig {
  return {
    root: fileURLToPath(new URL(`./${name}`, import.meta.url)),
    base: `/${name}/`,
    plugins: [vue(), ...(options.plugins ?? [])],
    build: {
      outDir: fileURLToPath(new URL(`./dist/${name}`, import.meta.url)),
      emptyOutDir: true,
      target: "es2022",
      chunkSizeWarningLimit: 1200,
    },
    server: {
      port: options.port,
      strictPort: true,
      proxy: Object.fromEntries(PROXIED.map((path) => [path, { target: BACKEND, changeOrigin: false }])),
    },
  };
}
