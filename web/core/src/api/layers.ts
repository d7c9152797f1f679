import type { components } from "./schema";
import type { DivisionDetail, OutlineShape } from "./divisions";
import type { Transport } from "./transport";
import type { Instant, Uuid } from "./types";

type Schemas = components["schemas"];

const BASE = "/api/v1/console";
/** Reading a large file behind its wall takes a while. */
const TIMEOUT_MS = 90_000;

export type LayerFormat = Schemas["LayerPreviewFileFormatEnum"];
export const LAYER_FORMATS: readonly LayerFormat[] = ["gpkg", "shp", "geojson", "kml", "csv"];
export type LayerFault = Schemas["LayerFault"];
export type LayerNote = Schemas["LayerNote"];
export type LayerColumn = Schemas["LayerField"];
export type LayerPreview = Omit<Schemas["LayerPreview"], "features" | "ground"> & {
  features: GeoJSON.FeatureCollection<OutlineShape, { row: number; code: string; name: string }>;
  ground: OutlineShape | null;
};

/** A layer file and how it is to be read; what is empty the server finds out. */
export interface LayerWish {
  parent: string;
  level: "grid" | "community";
  crs: string;
  encoding: string;
  layer: string;
  /** `code=DM,name=MC` */
  fields: string;
}

/** Layer files: looked at, made a draft, written. */
export function makeLayerApi({ call }: Transport) {
  const form = (file: File, wish: LayerWish, more: Record<string, string> = {}): FormData => {
    const body = new FormData();
    body.append("file", file);
    for (const [name, value] of Object.entries({ ...wish, ...more })) if (value) body.append(name, value);
    return body;
  };
  return {
    lookAtLayer: (file: File, wish: LayerWish) =>
      call<LayerPreview>("POST", `${BASE}/divisions/layers`, {
        body: form(file, wish),
        timeoutMs: TIMEOUT_MS,
      }),
    draftOfLayer: (file: File, wish: LayerWish, name: string) =>
      call<DivisionDetail>("POST", `${BASE}/divisions/layers/draft`, {
        body: form(file, wish, { name }),
        timeoutMs: TIMEOUT_MS,
      }),
    divisionLayerAddress: (id: Uuid, file_format: LayerFormat, crs: string) =>
      `${BASE}/divisions/${id}/layer?${asked({ file_format, crs })}`,
    /** Boundaries of a level at a moment, now without. */
    boundaryLayerAddress: (said: {
      level: string;
      within: string;
      at: Instant | "";
      file_format: LayerFormat;
      crs: string;
    }) => `${BASE}/boundaries?${asked(said)}`,
  };
}

function asked(said: Record<string, string>): string {
  return new URLSearchParams(Object.entries(said).filter(([, value]) => value !== "")).toString();
}
