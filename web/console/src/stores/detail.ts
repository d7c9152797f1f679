import { type CaseDetail, type CaseStep, type Contact, isOvertaken } from "@gridward/core";
import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";

import { api } from "../api";
import { useQueue } from "./queue";

type StepChoice = Omit<CaseStep, "version">;

/** The case that is open on the right. */
export const useDetail = defineStore("detail", () => {
  const detail = shallowRef<CaseDetail | null>(null);
  const revealed = shallowRef<Contact | null>(null);
  const wanted = ref<string | null>(null);
  const loading = ref(false);
  const error = ref<unknown>(null);
  const queue = useQueue();

  function show(fresh: CaseDetail): void {
    detail.value = fresh;
    queue.patch(fresh);
  }

  /** Opens a case, or closes the panel for null. An answer for a case left meanwhile is thrown away. */
  async function open(id: string | null): Promise<void> {
    if (id !== wanted.value) {
      detail.value = null;
      revealed.value = null;
      error.value = null;
    }
    wanted.value = id;
    if (!id) return;
    loading.value = true;
    try {
      const fresh = await api.caseDetail(id);
      if (wanted.value === id) {
        show(fresh);
        error.value = null;
      }
    } catch (caught) {
      if (wanted.value === id) error.value = caught;
    } finally {
      if (wanted.value === id) loading.value = false;
    }
  }

  /** Takes a step; after a refusal for a stale version the present state is shown, and the refusal thrown. */
  async function act(step: StepChoice): Promise<void> {
    const current = detail.value;
    if (!current) return;
    try {
      show(await api.actOnCase(current.id, { ...step, version: current.version }));
    } catch (caught) {
      if (isOvertaken(caught)) await open(current.id);
      throw caught;
    }
  }

  async function reveal(reason: string): Promise<void> {
    const current = detail.value;
    if (current) revealed.value = await api.revealContact(current.id, reason);
  }

  /** Something happened to a case: read it again when it is the open one. */
  function touch(id: string): void {
    if (id === wanted.value) void open(id);
  }
  return { detail, revealed, wanted, loading, error, open, act, reveal, touch };
});
