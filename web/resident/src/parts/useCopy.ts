import { showToast } from "vant";
import { useI18n } from "vue-i18n";

/** Copies a text and says whether it worked; where a browser forbids it, the person can still select by hand. */
export function useCopy(): (text: string) => Promise<void> {
  const { t } = useI18n();
  return async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      showToast(t("done.copied"));
    } catch {
      showToast(t("done.copyFailed"));
    }
  };
}
