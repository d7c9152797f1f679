import { problemText } from "@gridward/core";
import { useI18n } from "vue-i18n";

/** The text of an error for a person, in the language of the screen. */
export function useProblemText(): (error: unknown) => string {
  const { t, te } = useI18n();
  return (error) => problemText(error, { t: (key, named) => t(key, named ?? {}), te: (key) => te(key) });
}
