import { dayOf } from "@gridward/core";

import type { Slot } from "../api";

export interface SlotDay {
  day: string;
  slots: readonly Slot[];
}

/** Free windows by calendar day in Asia/Shanghai, both in order; windows without a place left are not offered. */
export function slotsByDay(slots: readonly Slot[]): readonly SlotDay[] {
  const days = new Map<string, Slot[]>();
  const free = slots.filter((slot) => slot.left > 0);
  for (const slot of [...free].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))) {
    const day = dayOf(slot.start);
    days.set(day, [...(days.get(day) ?? []), slot]);
  }
  return [...days].map(([day, list]) => ({ day, slots: list }));
}
