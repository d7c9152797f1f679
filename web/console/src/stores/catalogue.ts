import type { AreaNode, MatterRef } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api } from "../api";

export interface GridEntry {
  code: string;
  name: string;
  nameEn: string;
  community: string;
}

/** What rarely changes: the matters and the areas that this person sees. Fetched once a session. */
export const useCatalogue = defineStore("catalogue", () => {
  const matters = ref<MatterRef[]>([]);
  const roots = ref<AreaNode[]>([]);
  const loaded = ref(false);
  const grids = computed(() => roots.value.flatMap((root) => gridsIn(root, "")));
  const gridByCode = computed(() => new Map(grids.value.map((grid) => [grid.code, grid])));

  async function load(): Promise<void> {
    if (loaded.value) return;
    const [matterList, areaTree] = await Promise.all([api.matters(), api.areas()]);
    matters.value = matterList.items;
    roots.value = "items" in areaTree ? areaTree.items : [areaTree];
    loaded.value = true;
  }
  return { matters, roots, grids, gridByCode, loaded, load };
});

/** All grids below a node, each with the name of its community. */
export function gridsIn(node: AreaNode, community: string): GridEntry[] {
  if (node.level === "grid") {
    return [{ code: node.code, name: node.name, nameEn: node.name_en ?? "", community }];
  }
  const here = node.level === "community" ? node.name : community;
  return (node.children ?? []).flatMap((child) => gridsIn(child, here));
}
