import type { FieldCase } from "../api";

export type ShownAction = Readonly<{
  action: string;
  needs: readonly string[];
  disabledReason: string | null;
}>;

/** What the worker may do next once an accept that is still on this phone has reached the server. */
const AFTER_ACCEPT: Readonly<Record<string, readonly string[]>> = {
  submit: [],
  hand_back: ["note"],
  note: ["note"],
};

/** Steps that end the worker's part: nothing can follow before the server has answered. */
export const ENDING: ReadonlySet<string> = new Set([
  "submit",
  "hand_back",
  "dispute",
  "correct",
  "refuse",
  "verified",
]);

/** What brings the case forward stands first, under the thumb; giving it away and mere notes come last. */
const ORDER = [
  "submit",
  "accept",
  "verified",
  "note",
  "ask_extension",
  "appeal",
  "correct",
  "refuse",
  "hand_back",
  "dispute",
];

/**
 * The steps to offer: the server's own list, seen through what this phone has not sent yet. The outbox sends the steps
 * of one case in order and hands each the version that the one before it made.
 */
export function shownActions(
  actions: FieldCase["actions"],
  unsent: readonly string[],
): readonly ShownAction[] {
  const ended = unsent.some((action) => ENDING.has(action));
  const accepted = unsent.includes("accept");
  const place = (action: string): number => (ORDER.includes(action) ? ORDER.indexOf(action) : ORDER.length);
  const ordered = [...actions].sort((a, b) => place(a.action) - place(b.action));
  return ordered.map(({ action, needs, disabled_reason }) => {
    const after = AFTER_ACCEPT[action];
    if (ended) return { action, needs, disabledReason: "unsent" };
    if (accepted && action === "accept") return { action, needs, disabledReason: "unsent" };
    if (accepted && after !== undefined) {
      return { action, needs: disabled_reason === null ? needs : after, disabledReason: null };
    }
    return { action, needs, disabledReason: disabled_reason };
  });
}
