import type { DisputeDetail, DisputeRow, DisputeState } from "@gridward/core";
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";

import { api } from "../api";

/** The queue of disputes, and the one that is open. */
export const useDisputes = defineStore("disputes", () => {
  const rows = shallowRef<readonly DisputeRow[] | null>(null);
  const next = ref<string | null>(null);
  const open = ref(0);
  const detail = shallowRef<DisputeDetail | null>(null);
  const error = ref<unknown>(null);
  const detailError = ref<unknown>(null);
  let asked = 0;
  let wanted = "";

  async function load(state: DisputeState | "", more = false): Promise<void> {
    const turn = ++asked;
    try {
      const page = await api.disputes(state, more ? next.value : null);
      if (turn !== asked) return;
      rows.value = more ? [...(rows.value ?? []), ...page.items] : page.items;
      next.value = page.next;
      open.value = page.open;
      error.value = null;
    } catch (caught) {
      if (turn === asked) error.value = caught;
    }
  }
  async function show(id: string): Promise<void> {
    wanted = id;
    detailError.value = null;
    if (detail.value?.id !== id) detail.value = null;
    if (!id) return;
    try {
      const fresh = await api.dispute(id);
      if (wanted === id) detail.value = fresh;
    } catch (caught) {
      if (wanted === id) detailError.value = caught;
    }
  }
  function put(fresh: DisputeDetail): void {
    detail.value = fresh;
  }
  return { rows, next, open, detail, error, detailError, load, show, put };
});
