import type { Localised, LocalisedList } from "./api/types";
import type { Locale } from "./i18n/locale";

/** The text in the chosen language; the other one where it is missing; "" for nothing. */
export function localised(text: Localised | string | null | undefined, locale: string): string {
  if (text === null || text === undefined) return "";
  if (typeof text === "string") return text;
  return locale === ("en" satisfies Locale) ? text.en || text.zh : text.zh || text.en;
}

/** The list in the chosen language; the other one where it is empty. */
export function localisedList(list: LocalisedList | null | undefined, locale: string): string[] {
  if (!list) return [];
  const [first, second] = locale === "en" ? [list.en, list.zh] : [list.zh, list.en];
  return first.length > 0 ? first : second;
}

/** A name that the server gives as `name` and `name_en`; the Chinese one where no English one is known. */
export function nameOf(
  named: { readonly name: string; readonly name_en?: string | null } | null | undefined,
  locale: string,
): string {
  if (!named) return "";
  return locale === ("en" satisfies Locale) ? named.name_en || named.name : named.name;
}
