import { ApiError } from "@gridward/core";

import { useText } from "../shell/useText";

/** Our own words for why there is no proposal, of a refused wish or of a request that failed. */
export function useProposalReason() {
  const { t, te } = useText();

  function say(reason: string, facts: Readonly<Record<string, unknown>>): string | null {
    // The engine calls it so when land in pieces is the cause; the question before it knows how many communities.
    const known = reason === "too_few_grids" && facts["least"] === undefined ? "too_few_parts" : reason;
    const key = `propose.reason.${known}`;
    const count = Number(facts["homes"] ?? facts["least"] ?? 0);
    return te(key) ? t(key, { ...facts }, count) : null;
  }

  return {
    /** null for an error that has nothing to do with the wish. */
    ofError(error: unknown): string | null {
      if (!(error instanceof ApiError)) return null;
      const { code, facts } = error.problem;
      if (code === "proposal_under_way") return t("propose.reason.under_way");
      return code === "cannot_propose" ? say(String(facts["reason"]), facts) : null;
    },
    ofFailure(problem: { code: string; reason: string }): string {
      return say(problem.reason, {}) ?? say(problem.code, {}) ?? t("propose.reason.other");
    },
  };
}
