import type { Theme } from "@gridward/map";
import { defineStore } from "pinia";
import { ref, watchEffect } from "vue";

const KEY = "gridward.console.theme";

/** Light or dark: what was chosen on this machine, else what the system asks for. */
export const useLook = defineStore("look", () => {
  const kept = localStorage.getItem(KEY);
  const system = globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = ref<Theme>(kept === "dark" || kept === "light" ? kept : system);

  watchEffect(() => {
    document.documentElement.classList.toggle("dark", theme.value === "dark");
    document.documentElement.style.colorScheme = theme.value;
  });

  function toggle(): void {
    theme.value = theme.value === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, theme.value);
  }
  return { theme, toggle };
});
