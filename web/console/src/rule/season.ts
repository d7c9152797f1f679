/** Days of the year, every year: "06-01". A leap year stands for all, so that 29 February is one of them. */
const LEAP = 2000;

export const MONTHS = Array.from({ length: 12 }, (_, index) => index + 1);

/** How many days a month may have. */
export function daysOf(month: number): number {
  return new Date(Date.UTC(LEAP, month, 0)).getUTCDate();
}

/** Month and day of "06-01"; null for the part that is not chosen yet. */
export function partsOf(text: string): { month: number | null; day: number | null } {
  const [month, day] = text.split("-").map(Number);
  return { month: month || null, day: day || null };
}

/** "06-01" of month and day, "06-" while the day is not chosen, "" without a month. A day beyond the month is its last. */
export function dayText(month: number | null, day: number | null): string {
  if (month === null) return "";
  const last = day === null ? "" : String(Math.min(day, daysOf(month))).padStart(2, "0");
  return `${String(month).padStart(2, "0")}-${last}`;
}

/** English as it is written in the rest of the pages: the day before the month. */
function tagOf(locale: string): string {
  return locale === "en" ? "en-GB" : "zh-CN";
}

/** "06-01" as a person reads it. */
export function dayName(text: string, locale: string): string {
  const { month, day } = partsOf(text);
  if (month === null || day === null) return "";
  const at = new Date(Date.UTC(LEAP, month - 1, day));
  return new Intl.DateTimeFormat(tagOf(locale), { month: "short", day: "numeric", timeZone: "UTC" }).format(
    at,
  );
}

export function monthName(month: number, locale: string): string {
  const at = new Date(Date.UTC(LEAP, month - 1, 1));
  return new Intl.DateTimeFormat(tagOf(locale), { month: "short", timeZone: "UTC" }).format(at);
}

/** Whether a season goes over New Year. */
export function isOverNewYear(from: string, until: string): boolean {
  return from !== "" && until !== "" && from > until;
}
