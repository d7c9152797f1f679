import { useI18n } from "vue-i18n";

/** Names of codes in the screen's language; an unknown code of a newer server shows as it is. */
export function useCodes(tree: string): (code: string | null) => string {
  const { t, te } = useI18n();
  return (code) => {
    if (code === null || code === "") return "";
    const key = `${tree}.${code}`;
    return te(key) ? t(key) : code;
  };
}
