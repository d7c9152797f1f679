import type { GridRef } from "@gridward/core";
import { useI18n } from "vue-i18n";

import { useCatalogue } from "./catalogue";

/** Names of grids and their communities in the chosen language, with what to say where there is none. */
export function useGridName() {
  const { t, locale } = useI18n();
  const catalogue = useCatalogue();

  function gridName(grid: GridRef | null | undefined): string {
    if (!grid) return t("case.noGrid");
    const english = locale.value === "en" ? catalogue.gridByCode.get(grid.code)?.nameEn : "";
    return english || grid.name;
  }
  function communityName(code: string): string {
    const entry = catalogue.gridByCode.get(code);
    return (locale.value === "en" && entry?.communityEn) || entry?.community || "";
  }
  return { gridName, communityName };
}
