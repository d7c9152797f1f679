import type { Translated } from "@gridward/core";

import type { map as zh } from "./map.zh-Hans";

export const map: Translated<typeof zh> = {
  label: "Map",
  legend: "Legend",
  all: "Whole area",
  workerLive: "Worker (within 3 min)",
  workerOld: "Worker (older position)",
  planned: "Planned route",
  walked: "Walked track",
  grid: "Grid border",
  noWebgl: "This browser cannot draw maps (WebGL2 is needed). The list still works.",
  casesFailed: "The cases on the map could not be fetched; waiting for the next update.",
};
