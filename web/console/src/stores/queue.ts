import type { CaseRow } from "@gridward/core";
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";

import { api } from "../api";
import { EVERYTHING_OPEN, type QueueFilter } from "../queue/filter";
import { addWaiting, firstPage, nextPage, NO_ROWS, patchRow, type Rows } from "../queue/rows";

/** The case list: pages of what the filter asks for, changed in place by live events. */
export const useQueue = defineStore("queue", () => {
  const rows = shallowRef<Rows>(NO_ROWS);
  const count = ref<number | null>(null);
  const filter = shallowRef<QueueFilter>(EVERYTHING_OPEN);
  const loading = ref(false);
  const loadingMore = ref(false);
  const loaded = ref(false);
  const error = ref<unknown>(null);
  let running: AbortController | null = null;

  /** The first page for a filter. A newer call ends an older one. */
  async function load(asked: QueueFilter = filter.value): Promise<void> {
    running?.abort();
    const mine = (running = new AbortController());
    filter.value = asked;
    loading.value = true;
    try {
      const page = await api.cases(asked, null, mine.signal);
      rows.value = firstPage(page);
      count.value = page.total;
      error.value = null;
      loaded.value = true;
    } catch (caught) {
      if (!mine.signal.aborted) error.value = caught;
    } finally {
      if (running === mine) loading.value = false;
    }
  }

  async function more(): Promise<void> {
    const { next } = rows.value;
    if (!next || loadingMore.value || loading.value) return;
    loadingMore.value = true;
    const asked = filter.value;
    try {
      const page = await api.cases(asked, next);
      if (asked === filter.value) rows.value = nextPage(rows.value, page);
    } catch (caught) {
      error.value = caught;
    } finally {
      loadingMore.value = false;
    }
  }

  /** A case that was just read: shown in its place, without moving the list. */
  function patch(fresh: CaseRow): void {
    rows.value = patchRow(rows.value, fresh);
  }

  /** Something happened to a case: a shown row is read again, another one is counted as waiting. */
  async function touch(id: string): Promise<void> {
    if (!rows.value.items.some((row) => row.id === id)) {
      rows.value = addWaiting(rows.value, id);
      return;
    }
    try {
      patch(await api.caseDetail(id));
    } catch {
      // The row stays as it is; the next reload of the list puts it right.
    }
  }
  return { rows, count, filter, loading, loadingMore, loaded, error, load, more, patch, touch };
});
