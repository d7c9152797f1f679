import type { Day, DutyCalendar, DutyState } from "@gridward/core";
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";

import { api } from "../api";

/** The duty calendar that is open, and what asks for a hand in one's areas. */
export const useDuty = defineStore("duty", () => {
  const calendar = shallowRef<DutyCalendar | null>(null);
  const state = shallowRef<DutyState | null>(null);
  const loading = ref(false);
  const error = ref<unknown>(null);
  let wanted = "";

  async function load(community: string, start: Day, days: number): Promise<void> {
    const key = `${community}/${start}/${days}`;
    wanted = key;
    loading.value = true;
    try {
      const fresh = await api.dutyCalendar(community, start, days);
      if (wanted !== key) return;
      calendar.value = fresh;
      error.value = null;
    } catch (caught) {
      if (wanted === key) error.value = caught;
    } finally {
      if (wanted === key) loading.value = false;
    }
  }
  async function loadState(): Promise<void> {
    state.value = await api.dutyState();
  }
  return { calendar, state, loading, error, load, loadState };
});
