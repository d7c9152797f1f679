import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [vue()],
  test: {
    environment: "happy-dom",
    include: ["{core,map,console,field,resident}/**/*.test.ts"],
    env: { TZ: "Asia/Shanghai" },
    server: { deps: { inline: ["element-plus", "vant"] } },
  },
});
