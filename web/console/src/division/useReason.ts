import { ApiError } from "@gridward/core";

import { useText } from "../shell/useText";

/** Our own words for a refusal that says why by a code; null for any other error. */
export function useReason() {
  const { t, te } = useText();
  return (error: unknown): string | null => {
    if (!(error instanceof ApiError)) return null;
    const { code, facts, errors } = error.problem;
    if (!["bad_edit", "division_not_undoable", "bad_moment"].includes(code)) return null;
    const reason = typeof facts["reason"] === "string" ? facts["reason"] : errors[0]?.code;
    const key = `division.reason.${reason ?? ""}`;
    return te(key) ? t(key, { ...facts }) : null;
  };
}
