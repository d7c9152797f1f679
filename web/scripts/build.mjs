// Builds the three apps one after the other into web/dist/<app>. `node scripts/build.mjs console` builds one.
import { fileURLToPath } from "node:url";

import { build } from "vite";

const APPS = ["console", "field", "resident"];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !APPS.includes(name));
if (unknown.length > 0) {
  console.error(`unknown app: ${unknown.join(", ")} (known: ${APPS.join(", ")})`);
  process.exit(1);
}
for (const app of asked.length > 0 ? asked : APPS) {
  const root = fileURLToPath(new URL(`../${app}`, import.meta.url));
  await build({ root, configFile: `${root}/vite.config.ts`, logLevel: "warn" });
  console.log(`built ${app} -> dist/${app}`);
}
