import type { Translated } from "@gridward/core";

import type { maps as zh } from "./maps.zh-Hans";

export const maps: Translated<typeof zh> = {
  hotspots: "Hot-spot map",
  hotspotsTitle: "Export a hot-spot map of cases",
  coverage: "Coverage map",
  coverageTitle: "Export a coverage map",
  week: "From week",
  weeks: "Weeks",
  nWeeks: "{n} week | {n} weeks",
  unseen: "Unseen for",
  unseenDays: "{n} day | {n} days",
  waiting: "Waiting for a worker…",
  progress: "{done} of {all} patrols looked at",
  failed: "The map could not be made; try again later.",
  coverageHint:
    "Nobody is named on it, and homes are only counted. Streets are shown to communities and streets; others see shares.",
  area: "Area",
  period: "Reported",
  matter: "Matter",
  allMatters: "All matters",
  channel: "Channel",
  allChannels: "All channels",
  cell: "Size of cells",
  metres: "{n} m",
  format: "Format",
  formats: {
    html: "Offline page (printable)",
    pdf: "PDF",
    xlsx: "Excel workbook (XLSX)",
    geojson: "GeoJSON",
  },
  fewHint:
    "Cells with fewer than 5 cases, or with 1 to 4 households, are left out so that none points at a home.",
  make: "Make and download",
  making: "Being made…",
};
