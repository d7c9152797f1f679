import { ref } from "vue";

import { saveFile } from "./saveFile";

/** Fetches a file and saves it; `shown` is closed then, and stays open with the problem when it did not come. */
export function useSaving() {
  const shown = ref(false);
  const busy = ref(false);
  const error = ref<unknown>(null);

  async function save(fetchFile: () => Promise<Parameters<typeof saveFile>[0]>): Promise<void> {
    busy.value = true;
    error.value = null;
    try {
      saveFile(await fetchFile());
      shown.value = false;
    } catch (caught) {
      error.value = caught;
    } finally {
      busy.value = false;
    }
  }
  return { shown, busy, error, save };
}
