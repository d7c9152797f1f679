/** Times as people read them. Everything is shown in Asia/Shanghai, wherever the browser stands. */
export const ZONE = "Asia/Shanghai";

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale === "en" ? "en-GB" : "zh-CN", { timeZone: ZONE, ...options });
  formats.set(key, made);
  return made;
}

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;

/** `09:05`. */
export function clockTime(at: string | number | Date, locale: string): string {
  return formatOf(locale, CLOCK).format(new Date(at));
}

/** `11月23日 09:05` / `23 Nov, 09:05`; with the year when it is not this year. */
export function shortDateTime(
  at: string | number | Date,
  locale: string,
  now: number | Date = Date.now(),
): string {
  const moment = new Date(at);
  const year = dayOf(moment).slice(0, 4) === dayOf(new Date(now)).slice(0, 4) ? undefined : "numeric";
  return formatOf(locale, { year, month: "short", day: "numeric", ...CLOCK }).format(moment);
}

/** `2026年11月23日 星期一` / `Monday 23 November 2026`, from an instant or a calendar day. */
export function longDate(at: string | number | Date, locale: string): string {
  const options = { year: "numeric", month: "long", day: "numeric", weekday: "long" } as const;
  return formatOf(locale, options).format(instantOf(at));
}

/** `11月23日` / `23 Nov`, from an instant or a calendar day. */
export function shortDate(at: string | number | Date, locale: string): string {
  return formatOf(locale, { month: "short", day: "numeric" }).format(instantOf(at));
}

/** `周一` / `Mon`. */
export function weekdayName(at: string | number | Date, locale: string): string {
  return formatOf(locale, { weekday: "short" }).format(instantOf(at));
}

/** `09:00–11:00`; with both dates when the window crosses midnight. */
export function timeRange(start: string, end: string, locale: string): string {
  if (dayOf(start) === dayOf(end)) return `${clockTime(start, locale)}–${clockTime(end, locale)}`;
  return `${shortDateTime(start, locale)} – ${shortDateTime(end, locale)}`;
}

/** The same with its day said once: `23 Nov 09:00–11:00`. */
export function dayAndRange(start: string, end: string, locale: string): string {
  const range = timeRange(start, end, locale);
  return dayOf(start) === dayOf(end) ? `${shortDate(start, locale)} ${range}` : range;
}

/** The calendar day of an instant in Asia/Shanghai: `2026-11-23`. */
export function dayOf(at: string | number | Date): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: ZONE }).format(new Date(at));
}

/** The Monday of the week that the day lies in. */
export function mondayOf(day: string): string {
  const noon = new Date(`${day}T12:00:00Z`);
  return addDays(day, -((noon.getUTCDay() + 6) % 7));
}

/** The calendar day `count` days later (earlier when negative). */
export function addDays(day: string, count: number): string {
  const noon = new Date(`${day}T12:00:00Z`);
  noon.setUTCDate(noon.getUTCDate() + count);
  return noon.toISOString().slice(0, 10);
}

/** A calendar day alone means its noon in Shanghai, so that no zone moves it to the day before. */
function instantOf(at: string | number | Date): Date {
  return typeof at === "string" && /^\d{4}-\d{2}-\d{2}$/.test(at)
    ? new Date(`${at}T12:00:00+08:00`)
    : new Date(at);
}

/** `12 秒前` / `12 sec ago`, `2 小时后` / `in 2 hr`: the largest unit that fits. */
export function relativeTime(at: string | number | Date, now: number, locale: string): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  const format = new Intl.RelativeTimeFormat(locale === "en" ? "en" : "zh-CN", { style: "short" });
  // Minus zero reads "0 seconds ago"; plus zero would lie in the future.
  if (size < 60) return format.format(Math.round(seconds) || -0, "second");
  if (size < 3600) return format.format(Math.trunc(seconds / 60), "minute");
  if (size < 48 * 3600) return format.format(Math.trunc(seconds / 3600), "hour");
  return format.format(Math.trunc(seconds / 86400), "day");
}

/** `1 小时 20 分` / `1 h 20 min`; under a minute in seconds. */
export function duration(seconds: number, locale: string): string {
  const total = Math.max(0, Math.round(seconds));
  const [h, min, s] = locale === "en" ? [" h", " min", " s"] : [" 小时", " 分", " 秒"];
  if (total < 60) return `${total}${s}`;
  const minutes = Math.round(total / 60);
  if (minutes < 60) return `${minutes}${min}`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)}${h}` : `${Math.floor(minutes / 60)}${h} ${rest}${min}`;
}

/** `850 米` / `850 m`, from 1000 on `1.2 公里` / `1.2 km`. */
export function distance(metres: number, locale: string): string {
  const [m, km] = locale === "en" ? [" m", " km"] : [" 米", " 公里"];
  if (metres < 1000) return `${Math.round(metres)}${m}`;
  return `${(metres / 1000).toFixed(metres < 10_000 ? 1 : 0)}${km}`;
}
