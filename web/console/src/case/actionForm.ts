import type { CaseAction, ConsoleAction } from "@gridward/core";

export interface AssigneeChoice {
  kind: "worker" | "department";
  id: string;
}
export interface ActionNeeds {
  note: boolean;
  assignee: boolean;
  /** Filing may put the case under another matter; it need not. */
  matter: boolean;
}

/** What has to be filled in for a step, as the server names it, and what may be. */
export function needsOf(action: CaseAction, actions: readonly ConsoleAction[]): ActionNeeds {
  const named = actions.find((one) => one.action === action)?.needs ?? [];
  return { note: named.includes("note"), assignee: named.includes("assignee"), matter: action === "file" };
}

/** What is still missing before the step can be sent; null when nothing is. */
export function missing(
  needs: ActionNeeds,
  filled: { note: string; assignee: AssigneeChoice | null },
): "assignee" | "note" | null {
  if (needs.assignee && filled.assignee === null) return "assignee";
  return needs.note && filled.note.trim() === "" ? "note" : null;
}
