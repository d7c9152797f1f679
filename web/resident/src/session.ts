import { uuid7, type KeptTokens } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, shallowRef } from "vue";

import { auth } from "./api";

const DEVICE_KEY = "gridward.device";

/** This browser's own id, made once; names the device beside its tokens. */
export function deviceId(): string {
  const known = localStorage.getItem(DEVICE_KEY);
  if (known !== null) return known;
  const made = uuid7();
  localStorage.setItem(DEVICE_KEY, made);
  return made;
}

export const useSession = defineStore("session", () => {
  const kept = shallowRef<KeptTokens | null>(auth.current());
  auth.onChange((tokens) => {
    kept.value = tokens;
  });
  return {
    actor: computed(() => kept.value?.actor ?? null),
    signedIn: computed(() => kept.value !== null),
    async verify(phone: string, code: string): Promise<void> {
      const device = { id: deviceId(), name: "", platform: "web" };
      await auth.verifyCode({ phone, code, device });
    },
    signOut: (): Promise<void> => auth.signOut(),
  };
});
