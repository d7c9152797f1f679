import { answered, type ApiClient } from "./client";
import type { components } from "./schema";
import type { Instant, Uuid } from "./types";

type Schemas = components["schemas"];

export type DivisionRow = Schemas["DivisionRow"];
export type DivisionState = Schemas["DivisionState"];
export type DivisionFault = Schemas["FaultOut"];
export type DivisionNaming = Schemas["NamedClosed"];
export type DivisionPair = Schemas["ImpactPair"];
export type DivisionEdit = Omit<Schemas["EditInRequest"], "version">;
export type NewDivision = Schemas["DivisionInRequest"];

/** What the server says of one drawn area. */
export interface OutlineFacts {
  code: string;
  name: string;
  name_en: string;
  kind: string;
  under: string;
  is_new: boolean;
  area_m2: number;
  label: [number, number];
}
export type OutlineShape = GeoJSON.Polygon | GeoJSON.MultiPolygon;
export type OutlineFeature = GeoJSON.Feature<OutlineShape, OutlineFacts>;
export type DivisionDetail = Omit<Schemas["DivisionDetail"], "features" | "ground"> & {
  features: GeoJSON.FeatureCollection<OutlineShape, OutlineFacts>;
  ground: OutlineShape | null;
};
export type DivisionTrial = Omit<Schemas["DivisionTrialOut"], "features"> & {
  features: GeoJSON.FeatureCollection;
};
export type TrialMove = Schemas["TrialMove"];
export type TrialShow = Schemas["DivisionTrialOut"]["show"];
/** Local days, the last one included; `show` says which cases are listed. */
export interface TrialQuery {
  since: string;
  until: string;
  show: TrialShow;
  offset: number;
  limit: number;
}
export type DivisionImpact = Omit<Schemas["ImpactOut"], "features"> & { features: GeoJSON.FeatureCollection };

/** Drafts of divisions: edits name the version that the person saw. */
export function makeDivisionApi(client: ApiClient) {
  const at = (division_id: Uuid) => ({ params: { path: { division_id } } });
  const detail = async (answer: Promise<unknown>): Promise<DivisionDetail> =>
    (await answer) as DivisionDetail;
  return {
    divisions: () => answered(client.GET("/api/v1/console/divisions")),
    newDivision: (body: NewDivision) => detail(answered(client.POST("/api/v1/console/divisions", { body }))),
    division: (id: Uuid) => detail(answered(client.GET("/api/v1/console/divisions/{division_id}", at(id)))),
    async discardDivision(id: Uuid): Promise<void> {
      await answered(client.DELETE("/api/v1/console/divisions/{division_id}", at(id)));
    },
    editDivision: (id: Uuid, version: number, edit: DivisionEdit) =>
      detail(
        answered(
          client.POST("/api/v1/console/divisions/{division_id}/edits", {
            ...at(id),
            body: { ...edit, version },
          }),
        ),
      ),
    checkDivision: (id: Uuid, version: number) =>
      detail(
        answered(
          client.POST("/api/v1/console/divisions/{division_id}/check", { ...at(id), body: { version } }),
        ),
      ),
    /** All proposed repairs without `faults`. */
    repairDivision: (id: Uuid, version: number, faults: number[] | null) =>
      detail(
        answered(
          client.POST("/api/v1/console/divisions/{division_id}/repairs", {
            ...at(id),
            body: { version, faults },
          }),
        ),
      ),
    async divisionImpact(id: Uuid): Promise<DivisionImpact> {
      return (await answered(
        client.GET("/api/v1/console/divisions/{division_id}/impact", at(id)),
      )) as unknown as DivisionImpact;
    },
    async tryDivision(id: Uuid, query: TrialQuery): Promise<DivisionTrial> {
      return (await answered(
        client.GET("/api/v1/console/divisions/{division_id}/try", {
          params: { path: { division_id: id }, query },
        }),
      )) as unknown as DivisionTrial;
    },
    /** For now without a moment. */
    publishDivision: (id: Uuid, version: number, effective_at: Instant | null) =>
      detail(
        answered(
          client.POST("/api/v1/console/divisions/{division_id}/publish", {
            ...at(id),
            body: { version, effective_at },
          }),
        ),
      ),
    undoDivision: (id: Uuid) =>
      detail(answered(client.POST("/api/v1/console/divisions/{division_id}/undo", at(id)))),
  };
}
