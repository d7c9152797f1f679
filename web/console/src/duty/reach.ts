import { type DirectoryEntry, nameOf } from "@gridward/core";

import { useText } from "../shell/useText";
import { useCatalogue } from "../stores/catalogue";

type Entry = Omit<DirectoryEntry, "version" | "can_change">;
const A_SUNDAY = 22; // of November 2026

/** An entry of the departments' duty directory in words. */
export function useReach() {
  const catalogue = useCatalogue();
  const { t, say, when, weekday, list, locale } = useText();

  function areaName(area: { code: string; name: string }): string {
    const known = catalogue.areas.find((one) => one.code === area.code);
    return known ? nameOf(known, locale.value) : area.name;
  }
  const dayName = (day: number): string => weekday(`2026-11-${String(A_SUNDAY + day)}`);
  function period(start: string, end: string | null): string {
    return end ? `${when(start)} – ${when(end)}` : t("duty.from", { at: when(start) });
  }
  /** For which matter and when it holds: all matters · Mon, Tue · 08:00–18:00. */
  function reach(one: Entry): string {
    const days = one.weekdays.map(dayName);
    const hours =
      one.hours_from && one.hours_until ? `${one.hours_from}–${one.hours_until}` : t("duty.allDay");
    const isLater = Date.parse(one.starts_at) > Date.now();
    return [
      one.matter ? say(one.matter.name) : t("duty.allMatters"),
      days.length > 0 ? list(days) : t("duty.everyDay"),
      hours,
      one.ends_at || isLater ? period(one.starts_at, one.ends_at) : "",
    ]
      .filter(Boolean)
      .join(" · ");
  }
  return { areaName, dayName, period, reach };
}
