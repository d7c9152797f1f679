import { defineConfig } from "vite";

import { ownFontsOnly, shell } from "../vite.pwa.ts";
import { appConfig } from "../vite.shared.ts";

const plugins = [
  ownFontsOnly(),
  shell({ name: "网格通 · 居民", shortName: "网格通", path: "/resident/", colour: "#0b4f9e" }),
];

export default defineConfig(appConfig("resident", { port: 5175, plugins }));
