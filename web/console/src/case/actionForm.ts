import type { CaseAction, ConsoleAction } from "@gridward/core";

export interface AssigneeChoice {
  kind: "worker" | "department";
  id: string;
}
export interface ActionNeeds {
  note: boolean;
  assignee: boolean;
  matter: boolean;
  ground: boolean;
}

/** What has to be filled in for a step: what the server names, and who for an assignment. */
export function needsOf(action: CaseAction, actions: readonly ConsoleAction[]): ActionNeeds {
  const named = actions.find((one) => one.action === action)?.needs ?? [];
  return {
    note: named.includes("note"),
    assignee:
      action === "assign" || named.some((need) => ["assignee", "worker", "department"].includes(need)),
    matter: named.includes("matter"),
    ground: named.includes("ground"),
  };
}

export function ready(
  needs: ActionNeeds,
  filled: { note: string; assignee: AssigneeChoice | null; matter: string; ground: string },
): boolean {
  return (
    (!needs.note || filled.note.trim().length > 0) &&
    (!needs.assignee || filled.assignee !== null) &&
    (!needs.matter || filled.matter !== "") &&
    (!needs.ground || filled.ground !== "")
  );
}
