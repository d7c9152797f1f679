/** The two languages of the screens; Chinese is the default. */
export type Locale = "zh-Hans" | "en";

export const LOCALES: readonly Locale[] = ["zh-Hans", "en"];

const STORAGE_KEY = "gridward.locale";

export function isLocale(value: unknown): value is Locale {
  return value === "zh-Hans" || value === "en";
}

/** What the person chose before, else Chinese. English only by choice: staff and residents read Chinese. */
export function storedLocale(
  storage: Pick<Storage, "getItem"> | undefined = globalThis.localStorage,
): Locale {
  const value = storage?.getItem(STORAGE_KEY);
  return isLocale(value) ? value : "zh-Hans";
}

export function storeLocale(
  locale: Locale,
  storage: Pick<Storage, "setItem"> | undefined = globalThis.localStorage,
): void {
  storage?.setItem(STORAGE_KEY, locale);
}
