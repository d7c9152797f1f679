import type { Translated } from "@gridward/core";

import type { product as zh } from "./product.zh-Hans";

export const product: Translated<typeof zh> = {
  take: "Export round",
  title: "Export the round",
  day: "Days",
  wholeWeek: "Whole week",
  worker: "Worker",
  everybody: "Everybody",
  format: "Format",
  formats: {
    html: "Offline page (printable)",
    pdf: "PDF (a page a worker and day)",
    xlsx: "Excel workbook (XLSX)",
    gpx: "GPX",
    geojson: "GeoJSON",
  },
  contacts: "With name, phone, address and note of booked visits",
  contactsHint:
    "Each booked visit goes into the audit trail with your reason. The file holds personal data: keep it safe, destroy it afterwards.",
  reason: "Reason (at least four characters)",
  save: "Download",
  walked: "Export the walked track:",
};
