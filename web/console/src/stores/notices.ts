import type { Notice } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api } from "../api";
import { soon } from "./soon";

/** What the person at this console is told: the newest hundred, read or not. */
export const useNotices = defineStore("notices", () => {
  const items = ref<Notice[]>([]);
  const loading = ref(false);
  const error = ref<unknown>(null);
  const unread = computed(() => items.value.filter((one) => one.read_at === null));

  async function load(): Promise<void> {
    loading.value = true;
    try {
      items.value = (await api.notices()).items;
      error.value = null;
    } catch (caught) {
      error.value = caught;
    } finally {
      loading.value = false;
    }
  }

  /** Marks them on the server first: a notice is read when the server says so. */
  async function markRead(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    try {
      await api.readNotices(ids);
      const at = new Date().toISOString();
      items.value = items.value.map((one) =>
        ids.includes(one.id) && one.read_at === null ? { ...one, read_at: at } : one,
      );
      error.value = null;
    } catch (caught) {
      error.value = caught;
    }
  }
  return { items, unread, loading, error, load, markRead, touch: soon(load, 3_000) };
});
