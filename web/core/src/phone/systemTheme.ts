import { onScopeDispose, ref, type Ref } from "vue";

/** Light or dark as the system asks for, and as it changes its mind. For what no style sheet reaches, such as maps. */
export function useSystemTheme(): Ref<"light" | "dark"> {
  const asked = globalThis.matchMedia("(prefers-color-scheme: dark)");
  const theme = ref<"light" | "dark">(asked.matches ? "dark" : "light");
  const follow = (): void => {
    theme.value = asked.matches ? "dark" : "light";
  };
  asked.addEventListener("change", follow);
  onScopeDispose(() => asked.removeEventListener("change", follow));
  return theme;
}
