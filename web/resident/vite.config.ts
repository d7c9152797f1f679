import { defineConfig } from "vite";

import { shell } from "../vite.pwa.ts";
import { appConfig } from "../vite.shared.ts";

const plugins = [
  shell({ name: "网格通 · 居民", shortName: "网格通", path: "/resident/", colour: "#0b4f9e" }),
];

export default defineConfig(appConfig("resident", { port: 5175, plugins }));
