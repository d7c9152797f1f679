// Serves the three apps with hot reload; calls to the API go to GRIDWARD_DEV_BACKEND (default http://127.0.0.1:8000).
import { fileURLToPath } from "node:url";

import { createServer } from "vite";

const APPS = ["console", "field", "resident"];
const asked = process.argv.slice(2);
for (const app of asked.length > 0 ? asked : APPS) {
  const root = fileURLToPath(new URL(`../${app}`, import.meta.url));
  const server = await createServer({ root, configFile: `${root}/vite.config.ts` });
  await server.listen();
  console.log(`${app}:`);
  server.printUrls();
}
