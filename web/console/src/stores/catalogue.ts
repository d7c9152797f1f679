import type { AreaRow, MatterRow } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api } from "../api";

export interface GridEntry {
  code: string;
  name: string;
  nameEn: string;
  community: string;
  communityEn: string;
}

/** What rarely changes: the matters and the areas that this person sees. Fetched once a session. */
export const useCatalogue = defineStore("catalogue", () => {
  const matters = ref<MatterRow[]>([]);
  const areas = ref<AreaRow[]>([]);
  const loaded = ref(false);
  const grids = computed(() => gridsIn(areas.value));
  const gridByCode = computed(() => new Map(grids.value.map((grid) => [grid.code, grid])));

  async function load(): Promise<void> {
    if (loaded.value) return;
    const [matterList, areaList] = await Promise.all([api.matters(), api.areas()]);
    matters.value = matterList.items;
    areas.value = areaList.items;
    loaded.value = true;
  }
  return { matters, areas, grids, gridByCode, loaded, load };
});

/** The grids of a list of areas, in the order of their codes, each with the name of its community. */
export function gridsIn(areas: readonly AreaRow[]): GridEntry[] {
  const byPath = new Map(areas.map((area) => [area.path, area]));
  return areas
    .filter((area) => area.level === "grid")
    .map((area) => {
      const community = byPath.get(area.parent_path ?? "");
      return {
        code: area.code,
        name: area.name,
        nameEn: area.name_en,
        community: community?.name ?? "",
        communityEn: community?.name_en ?? "",
      };
    })
    .sort((a, b) => a.code.localeCompare(b.code));
}
