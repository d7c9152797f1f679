import { ApiError, problemText } from "@gridward/core";
import { ShapeError } from "@gridward/core/shape";
import { useI18n } from "vue-i18n";

/** The text of an error for a person, in the language of the screen. */
export function useProblemText(): (error: unknown) => string {
  const { t, te } = useI18n();
  const words = {
    t: (key: string, named?: Record<string, unknown>) => t(key, named ?? {}),
    te: (key: string) => te(key),
  };
  return (error) => problemText(error instanceof ShapeError ? unreadable() : error, words);
}

function unreadable(): ApiError {
  const nothing = { title: "", detail: "", requestId: null, errors: [], facts: {} };
  return new ApiError({ status: 200, code: "unreadable", ...nothing });
}
