import { effectScope, ref, watchEffect, type Ref } from "vue";

const STORAGE_KEY = "gridward.elder";

let shared: Ref<boolean> | null = null;

/** Elder mode: larger text and targets, remembered on this device. One state for the whole app. */
export function useElderMode(): Ref<boolean> {
  if (shared === null) {
    const elder = ref(localStorage.getItem(STORAGE_KEY) === "on");
    // Detached: the mode outlives the component that asked first.
    effectScope(true).run(() =>
      watchEffect(() => {
        document.documentElement.classList.toggle("elder", elder.value);
        localStorage.setItem(STORAGE_KEY, elder.value ? "on" : "off");
      }),
    );
    shared = elder;
  }
  return shared;
}
