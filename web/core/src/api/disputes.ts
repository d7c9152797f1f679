import { answered, type ApiClient } from "./client";
import type { components } from "./schema";
import type { Uuid } from "./types";

type Schemas = components["schemas"];
export type DisputeRow = Schemas["DeskDisputeRow"];
export type DisputeDetail = Omit<Schemas["DeskDispute"], "stretch" | "outline" | "other_outline"> & {
  stretch: GeoJSON.LineString | null;
  outline: GeoJSON.MultiPolygon | null;
  other_outline: GeoJSON.MultiPolygon | null;
};
export type DisputeState = DisputeRow["state"];
export type RulingTold = Schemas["RulingTold"];
export type RulingMove = Schemas["RulingMove"];
export type RulingBody = Schemas["RulingInRequest"];
export type ReturnBody = Schemas["DepartmentReturnInRequest"];

/** The desk's calls on disputes. */
export function makeDisputeApi(client: ApiClient) {
  const path = (id: Uuid) => ({ params: { path: { dispute_id: id } } });
  return {
    disputes: (state: DisputeState | "", cursor: string | null) =>
      answered(
        client.GET("/api/v1/console/disputes", {
          params: { query: { ...(state ? { state } : {}), ...(cursor ? { cursor } : {}) } },
        }),
      ),
    dispute: async (id: Uuid) =>
      (await answered(client.GET("/api/v1/console/disputes/{dispute_id}", path(id)))) as DisputeDetail,
    ruleOnDispute: async (id: Uuid, body: RulingBody) =>
      (await answered(
        client.POST("/api/v1/console/disputes/{dispute_id}/ruling", { ...path(id), body }),
      )) as DisputeDetail,
    returnCase: (id: Uuid, body: ReturnBody) =>
      answered(
        client.POST("/api/v1/console/cases/{case_id}/return", { params: { path: { case_id: id } }, body }),
      ),
  };
}
