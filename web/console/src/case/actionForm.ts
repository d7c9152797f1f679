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
  /** A suspension may say when it ends; without a day it ends in a year. */
  until: boolean;
}

/** What has to be filled in for a step, as the server names it, and what may be. */
export function needsOf(action: CaseAction, actions: readonly ConsoleAction[]): ActionNeeds {
  const named = actions.find((one) => one.action === action)?.needs ?? [];
  return {
    note: named.includes("note"),
    assignee: named.includes("assignee"),
    matter: action === "file",
    until: action === "suspend",
  };
}

const DAY_MS = 24 * 3600 * 1000;
const SUSPENDED_MOST_DAYS = 365;

/** Whether a suspension may end on this day: from tomorrow on, within a year. */
export function mayEndOn(day: Date, now: number): boolean {
  const ahead = (day.getTime() - now) / DAY_MS;
  return ahead > 0 && ahead < SUSPENDED_MOST_DAYS - 1;
}

/** What is still missing before the step can be sent; null when nothing is. */
export function missing(
  needs: ActionNeeds,
  filled: { note: string; assignee: AssigneeChoice | null },
): "assignee" | "note" | null {
  if (needs.assignee && filled.assignee === null) return "assignee";
  return needs.note && filled.note.trim() === "" ? "note" : null;
}
