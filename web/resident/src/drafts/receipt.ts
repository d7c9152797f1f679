import type { Booked, Report } from "../api";
import type { Draft } from "./draft";
import type { KeptReceipt } from "./store";

/** What this device keeps of a draft that has arrived. A booking is followed in the account, so it keeps no code. */
export function receiptOf(sent: Draft, answer: Report | Booked): KeptReceipt {
  const appointment = "appointment" in answer ? answer.appointment : null;
  return {
    number: answer.number,
    code: appointment === null ? answer.tracking_code : null,
    id: answer.id,
    matterName: sent.matterName ?? answer.matter.name,
    grid: answer.grid?.name ?? null,
    gridEn: answer.grid?.name_en ?? null,
    responsible: answer.responsible?.name_masked ?? null,
    post: answer.responsible?.post ?? null,
    department: answer.department,
    dueAt: answer.due_at,
    reason: answer.decision?.text ?? null,
    window: appointment?.window ?? null,
    at: answer.created_at,
  };
}
