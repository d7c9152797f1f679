import elementPlus from "unplugin-element-plus/vite";
import { defineConfig } from "vite";

import { appConfig } from "../vite.shared.ts";

export default defineConfig(appConfig("console", { port: 5173, plugins: [elementPlus({})] }));
