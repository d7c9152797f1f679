import type { Summary } from "@gridward/core";
import { defineStore } from "pinia";
import { ref } from "vue";

import { api } from "../api";
import { soon } from "./soon";

/** The figures of the strip; fetched again a little after something happened. */
export const useSummary = defineStore("summary", () => {
  const summary = ref<Summary | null>(null);
  const failed = ref(false);

  async function load(): Promise<void> {
    try {
      summary.value = await api.summary();
      failed.value = false;
    } catch {
      failed.value = true;
    }
  }
  return { summary, failed, load, touch: soon(load, 2_000) };
});
