import { answered, type ApiClient } from "./client";
import type { DirectoryChange, DirectoryEffect } from "./types";

/** The departments' duty directory, and what is settled about duty. */
export function makeDirectoryApi(client: ApiClient) {
  return {
    directory: () => answered(client.GET("/api/v1/console/duty/departments")),
    directoryPreview: (body: DirectoryChange) =>
      answered(client.POST("/api/v1/console/duty/departments/preview", { body })),
    /** Makes a change that was looked at; `stamp` is that of its preview. */
    directoryChange({ id, step, version, entry }: DirectoryChange, stamp: string): Promise<DirectoryEffect> {
      if (step === "added" && entry) {
        return answered(client.POST("/api/v1/console/duty/departments", { body: { id, entry, stamp } }));
      }
      return answered(
        client.POST("/api/v1/console/duty/departments/{entry_id}/changes", {
          params: { path: { entry_id: id } },
          body: { step: step === "ended" ? "ended" : "changed", version, entry, stamp },
        }),
      );
    },
    dutyPolicies: () => answered(client.GET("/api/v1/console/duty/policies")),
    /** Settles whether unstarted work goes back; null takes one's own word back. `seen` is what it was. */
    settleDuty: (area_code: string, returns_work: boolean | null, seen: boolean | null) =>
      answered(client.POST("/api/v1/console/duty/policies", { body: { area_code, returns_work, seen } })),
  };
}
