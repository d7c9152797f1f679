import { defineConfig } from "vite";

import { ownFontsOnly, shell } from "../vite.pwa.ts";
import { appConfig } from "../vite.shared.ts";

const plugins = [
  ownFontsOnly(),
  shell({ name: "网格通 · 网格员", shortName: "网格员", path: "/field/", colour: "#0f1722" }),
];

export default defineConfig(appConfig("field", { port: 5174, plugins }));
