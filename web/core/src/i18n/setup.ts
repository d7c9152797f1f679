import { createI18n } from "vue-i18n";

import { type Locale, storedLocale, storeLocale } from "./locale";
import { type MessageTree } from "./messages";
import { shared as sharedEn } from "./shared.en";
import { shared as sharedZh } from "./shared.zh-Hans";

/** The app's i18n plugin: the app's own tree beside the shared one (`shared.…`), language taken from storage. */
export function makeI18n(messages: Readonly<Record<Locale, MessageTree>>) {
  const locale = storedLocale();
  tellLocale(locale);
  return createI18n({
    legacy: false,
    locale,
    fallbackLocale: "zh-Hans",
    missingWarn: import.meta.env.DEV,
    messages: {
      "zh-Hans": { ...messages["zh-Hans"], shared: sharedZh },
      en: { ...messages.en, shared: sharedEn },
    },
  });
}

export type GridwardI18n = ReturnType<typeof makeI18n>;

/** Switch the language of everything, and remember it on this device. */
export function chooseLocale(i18n: { locale: { value: string } }, locale: Locale): void {
  i18n.locale.value = locale;
  tellLocale(locale);
  storeLocale(locale);
}

/** Tells the document, and the server for pages that open by a link and not by a call (map sheets, for one). */
function tellLocale(locale: Locale): void {
  document.documentElement.lang = locale;
  const language = locale === "en" ? "en" : "zh-hans";
  document.cookie = `django_language=${language}; path=/; max-age=31536000; samesite=lax`;
}
