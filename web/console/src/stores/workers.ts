import type { WorkerRow } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api } from "../api";

/** The workers of the area and where those on patrol were last. */
export const useWorkers = defineStore("workers", () => {
  const rows = ref<WorkerRow[]>([]);
  const loading = ref(false);
  const error = ref<unknown>(null);
  const live = computed(() => rows.value.filter((row) => row.live !== null));
  /** On patrol first, then by grid and name. */
  const sorted = computed(() =>
    [...rows.value].sort(
      (a, b) =>
        Number(b.live !== null) - Number(a.live !== null) ||
        (a.grid?.code ?? "~").localeCompare(b.grid?.code ?? "~") ||
        a.name.localeCompare(b.name),
    ),
  );

  async function load(): Promise<void> {
    loading.value = true;
    try {
      rows.value = (await api.workers()).items;
      error.value = null;
    } catch (caught) {
      error.value = caught;
    } finally {
      loading.value = false;
    }
  }

  /** A live position: put into the row if it is newer; false when the worker is not known here. */
  function place(data: Record<string, unknown>): boolean {
    const row = rows.value.find((one) => one.id === data["worker_id"]);
    if (!row) return false;
    if (data["ended"] === true) {
      row.live = null;
      row.session_id = null;
      return true;
    }
    const { lon, lat, at } = data;
    if (typeof lon !== "number" || typeof lat !== "number" || typeof at !== "string") return true;
    if (row.live && Date.parse(row.live.at) > Date.parse(at)) return true;
    const figure = (key: string): number | null => (typeof data[key] === "number" ? data[key] : null);
    row.live = { lon, lat, at, accuracy_m: figure("accuracy_m"), battery: figure("battery") };
    return true;
  }
  return { rows, sorted, live, loading, error, load, place };
});
