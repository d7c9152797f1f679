import type { GridRef } from "@gridward/core";
import { useI18n } from "vue-i18n";

import { useCatalogue } from "./catalogue";

/** The name of a grid in the chosen language, with what to say where there is none. */
export function useGridName() {
  const { t, locale } = useI18n();
  const catalogue = useCatalogue();
  return (grid: GridRef | null | undefined): string => {
    if (!grid) return t("case.noGrid");
    const english = locale.value === "en" ? catalogue.gridByCode.get(grid.code)?.nameEn : "";
    return english || grid.name;
  };
}
