import {
  ApiError,
  type DivisionDetail,
  type DivisionEdit,
  type DivisionImpact,
  type DivisionRow,
} from "@gridward/core";
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import { api } from "../api";

/** The divisions of one's areas, and the one that is open. */
export const useDivisions = defineStore("divisions", () => {
  const rows = shallowRef<DivisionRow[]>([]);
  const listError = ref<unknown>(null);
  const loading = ref(false);
  const division = shallowRef<DivisionDetail | null>(null);
  const impact = shallowRef<DivisionImpact | null>(null);
  const error = ref<unknown>(null);
  const busy = ref(false);
  const isDraft = computed(() => ["draft", "checked"].includes(division.value?.state ?? ""));

  async function load(): Promise<void> {
    loading.value = true;
    try {
      rows.value = (await api.divisions()).items;
      listError.value = null;
    } catch (caught) {
      listError.value = caught;
    } finally {
      loading.value = false;
    }
  }

  async function open(id: string): Promise<void> {
    if (division.value?.id !== id) division.value = impact.value = null;
    await run(() => api.division(id));
  }

  /** Does one thing to the open division. What was refused because somebody was faster is fetched anew. */
  async function run(call: () => Promise<DivisionDetail>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    error.value = null;
    try {
      const fresh = await call();
      if (fresh.version !== division.value?.version) impact.value = null;
      division.value = fresh;
      return true;
    } catch (caught) {
      error.value = caught;
      if (caught instanceof ApiError && caught.problem.code === "stale_version" && division.value) {
        division.value = await api.division(division.value.id).catch(() => division.value);
      }
      return false;
    } finally {
      busy.value = false;
    }
  }

  function withOpen(call: (id: string, version: number) => Promise<DivisionDetail>): Promise<boolean> {
    const held = division.value;
    return held ? run(() => call(held.id, held.version)) : Promise.resolve(false);
  }
  const edit = (change: DivisionEdit) => withOpen((id, version) => api.editDivision(id, version, change));
  const check = () => withOpen((id, version) => api.checkDivision(id, version));
  const repair = (faults: number[] | null) =>
    withOpen((id, version) => api.repairDivision(id, version, faults));
  const publish = (at: string | null) => withOpen((id, version) => api.publishDivision(id, version, at));
  const undo = () => withOpen((id) => api.undoDivision(id));

  async function loadImpact(): Promise<void> {
    const held = division.value;
    if (!held) return;
    try {
      const found = await api.divisionImpact(held.id);
      if (division.value?.id === held.id && division.value.version === found.version) impact.value = found;
    } catch (caught) {
      error.value = caught;
    }
  }

  return {
    rows,
    listError,
    loading,
    division,
    impact,
    error,
    busy,
    isDraft,
    load,
    open,
    edit,
    check,
    repair,
    publish,
    undo,
    loadImpact,
  };
});
