import { ref } from "vue";

/** Whether the list of keys is shown; one for the whole console. */
export const keyHelpShown = ref(false);

export function openKeyHelp(): void {
  keyHelpShown.value = true;
}
