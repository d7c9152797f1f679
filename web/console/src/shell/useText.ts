import {
  clockTime,
  dayAndRange,
  distance,
  duration,
  localised,
  type Localised,
  longDate,
  problemText,
  relativeTime,
  shortDate,
  shortDateTime,
  timeRange,
  weekdayName,
} from "@gridward/core";
import { useI18n } from "vue-i18n";

/** The formats of core in the language that is chosen now. */
export function useText() {
  const { t, te, locale } = useI18n();
  return {
    t,
    te,
    locale,
    say: (text: Localised | string | null | undefined) => localised(text, locale.value),
    clock: (at: string) => clockTime(at, locale.value),
    when: (at: string) => shortDateTime(at, locale.value),
    date: (at: string) => shortDate(at, locale.value),
    fullDate: (at: string) => longDate(at, locale.value),
    weekday: (at: string) => weekdayName(at, locale.value),
    dayRange: (start: string, end: string) => dayAndRange(start, end, locale.value),
    range: (start: string, end: string) => timeRange(start, end, locale.value),
    ago: (at: string, now: number) => relativeTime(at, now, locale.value),
    lasting: (seconds: number) => duration(seconds, locale.value),
    far: (metres: number) => distance(metres, locale.value),
    /** Names in a row, with the comma of the language. */
    list: (names: readonly string[]) => names.join(locale.value === "en" ? ", " : "、"),
    why: (error: unknown) => problemText(error, { t: t as (key: string) => string, te }),
  };
}
