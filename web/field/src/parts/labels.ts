import { nameOf } from "@gridward/core";
import { useI18n } from "vue-i18n";

import type { Stop } from "../api";

/** Names of codes in the screen's language; an unknown code of a newer server shows as it is. */
export function useCodes(tree: string): (code: string | null) => string {
  const { t, te } = useI18n();
  return (code) => {
    if (code === null || code === "") return "";
    const key = `${tree}.${code}`;
    return te(key) ? t(key) : code;
  };
}

/** What a stop is called: its place, or its matter when somebody booked it; else its kind. */
export function useStopName(): (stop: Pick<Stop, "place" | "kind">) => string {
  const { locale } = useI18n();
  const kindName = useCodes("stop.kind");
  return (stop) => nameOf(stop.place, locale.value) || kindName(stop.kind);
}
