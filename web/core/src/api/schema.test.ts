import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

/** `npm run api` writes the types; this fails when the schema was renewed without them. */
it("the generated types are those of the committed schema", async () => {
  const beside = (name: string) => new URL(name, import.meta.url);
  const nodes = await openapiTS(readFileSync(fileURLToPath(beside("./schema.yaml")), "utf8"), {
    defaultNonNullable: false,
  });
  const written = readFileSync(fileURLToPath(beside("./schema.ts")), "utf8");
  expect(written.slice(written.indexOf("export interface paths"))).toBe(
    astToString(nodes).slice(astToString(nodes).indexOf("export interface paths")),
  );
}, 20_000);
