import type { ProposalRow, ProposalWish } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import { api } from "../api";

const BUSY_MS = 2_000;
const IDLE_MS = 30_000;

/** What the engine was asked for in one's areas; looked after while a screen shows it. */
export const useProposals = defineStore("proposals", () => {
  const rows = shallowRef<readonly ProposalRow[]>([]);
  const error = ref<unknown>(null);
  const active = computed(() => rows.value.filter(isActive));
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watching = false;
  let asked = 0;

  async function load(): Promise<void> {
    const turn = ++asked;
    try {
      const found = (await api.proposals()).items;
      if (turn !== asked) return;
      rows.value = found;
      error.value = null;
    } catch (caught) {
      if (turn === asked) error.value = caught;
    }
  }

  /** Follows the requests until `stop`: often while one is under way, now and then for those of others. */
  async function watch(): Promise<void> {
    watching = true;
    clearTimeout(timer);
    await load();
    if (watching) timer = setTimeout(() => void watch(), active.value.length > 0 ? BUSY_MS : IDLE_MS);
  }
  function stop(): void {
    watching = false;
    clearTimeout(timer);
  }

  async function ask(wish: ProposalWish): Promise<void> {
    put(await api.askForProposal(wish));
  }
  async function cancel(id: string): Promise<void> {
    try {
      put(await api.cancelProposal(id));
    } finally {
      void watch();
    }
  }
  function put(fresh: ProposalRow): void {
    rows.value = [fresh, ...rows.value.filter((one) => one.id !== fresh.id)];
    asked += 1;
    void watch();
  }

  return { rows, error, active, watch, stop, ask, cancel };
});

export function isActive(row: ProposalRow): boolean {
  return row.state === "queued" || row.state === "running";
}
