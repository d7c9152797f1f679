import type { RuleCategory, RuleRow } from "@gridward/core";

import { useText } from "../shell/useText";
import { useCatalogue } from "../stores/catalogue";
import { dayName } from "./season";

/** A rule in words: what must hold, and who answers. */
export function useRuleText(categories: () => readonly RuleCategory[]) {
  const { t, say, locale } = useText();
  const catalogue = useCatalogue();

  function areaName(area: { code: string; name: string }): string {
    const known = catalogue.areas.find((one) => one.code === area.code);
    return (locale.value === "en" && known?.name_en) || area.name;
  }
  function shapeOf(row: RuleRow): string {
    const type = String(row.shape?.["type"] ?? "");
    if (type.endsWith("Polygon")) return t("rule.shapes.area");
    const shape = t(type === "Point" ? "rule.shapes.point" : "rule.shapes.line");
    return t("rule.within", { shape, m: row.reach_m });
  }
  function categoryOf(prefix: string): string {
    const known = categories().find((one) => one.code === prefix);
    return known ? say(known.name) : prefix;
  }
  function daysOf(row: RuleRow): string {
    return row.weekdays.map((day) => t("rule.dayName", { day: t(`rule.days.${day}`) })).join(" ");
  }
  function seasonOf(from: string, until: string): string {
    return t("rule.everyYear", { from: dayName(from, locale.value), until: dayName(until, locale.value) });
  }
  function conditionsOf(row: RuleRow): string[] {
    return [
      areaName(row.area),
      row.shape ? shapeOf(row) : "",
      row.asset_code,
      row.matter ? say(row.matter.name) : "",
      row.category_prefix ? categoryOf(row.category_prefix) : "",
      row.weekdays.length > 0 ? daysOf(row) : "",
      row.hours_from && row.hours_until ? `${row.hours_from}–${row.hours_until}` : "",
      row.season_from && row.season_until ? seasonOf(row.season_from, row.season_until) : "",
    ].filter(Boolean);
  }
  function targetOf(row: RuleRow): string {
    if (row.department) return say(row.department.name);
    const kind = t(`rule.targets.${row.target}`);
    return row.target_area ? `${kind} · ${areaName(row.target_area)}` : kind;
  }
  return { areaName, conditionsOf, targetOf };
}
