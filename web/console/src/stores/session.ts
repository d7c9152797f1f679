import type { Actor } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api } from "../api";

const CONSOLE_ROLES = ["community", "street", "district", "city", "auditor"];

/** Who sits at this console. `known` is false until the server has been asked. */
export const useSession = defineStore("session", () => {
  const actor = ref<Actor | null>(null);
  const known = ref(false);
  const mayEnter = computed(() => actor.value !== null && CONSOLE_ROLES.includes(actor.value.role));
  const mayAct = computed(() => mayEnter.value && actor.value?.role !== "auditor");

  /** Auditors read the files; where workers are now is not theirs to see. */
  const maySeeLive = mayAct;

  async function load(): Promise<void> {
    const answer = await api.session();
    actor.value = answer.actor;
    known.value = true;
  }
  async function signIn(credentials: { username: string; password: string }): Promise<void> {
    if (!known.value) await load();
    const answer = await api.signIn(credentials);
    actor.value = answer.actor;
    known.value = true;
  }
  async function signOut(): Promise<void> {
    await api.signOut();
    actor.value = null;
  }
  function forget(): void {
    actor.value = null;
  }
  return { actor, known, mayEnter, mayAct, maySeeLive, load, signIn, signOut, forget };
});
