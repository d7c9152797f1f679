export * from "./i18n/locale";
export * from "./i18n/messages";
export * from "./i18n/setup";
