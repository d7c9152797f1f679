import { uuid7, type KeptTokens } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, shallowRef } from "vue";

import { auth } from "../api";
import { FieldDatabase } from "../storage/database";

const DEVICE_KEY = "gridward.device";
const LAST_WORKER_KEY = "gridward.field.worker";

function deviceId(): string {
  const known = localStorage.getItem(DEVICE_KEY);
  if (known !== null) return known;
  const made = uuid7();
  localStorage.setItem(DEVICE_KEY, made);
  return made;
}

/**
 * Who works with this phone. The database stays open when the server ends the login: unsent work is kept and shown
 * until the same worker logs in again.
 */
export const useWorker = defineStore("worker", () => {
  const kept = shallowRef<KeptTokens | null>(auth.current());
  const workerId = shallowRef<string | null>(
    kept.value?.actor.user_id ?? localStorage.getItem(LAST_WORKER_KEY),
  );
  const database = computed(() => (workerId.value === null ? null : new FieldDatabase(workerId.value)));
  auth.onChange((tokens) => {
    kept.value = tokens;
    if (tokens !== null) {
      workerId.value = tokens.actor.user_id;
      localStorage.setItem(LAST_WORKER_KEY, tokens.actor.user_id);
    }
  });

  async function signIn(username: string, password: string): Promise<void> {
    const device = { id: deviceId(), name: "", platform: "web" };
    await auth.signIn({ username, password, device });
  }

  /** Log out and delete everything that this phone holds of the worker. Ask first when something is unsent. */
  async function signOut(): Promise<void> {
    const open = database.value;
    await auth.signOut();
    localStorage.removeItem(LAST_WORKER_KEY);
    workerId.value = null;
    await open?.delete();
  }

  return {
    actor: computed(() => kept.value?.actor ?? null),
    signedIn: computed(() => kept.value !== null),
    workerId,
    database,
    signIn,
    signOut,
  };
});
