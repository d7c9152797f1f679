import { defineStore } from "pinia";
import { ref } from "vue";

/** The present moment, once a second, for everything that shows an age or a time left. */
export const useClock = defineStore("clock", () => {
  const now = ref(Date.now());
  setInterval(() => (now.value = Date.now()), 1_000);
  return { now };
});
