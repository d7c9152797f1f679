import { expect, it } from "vitest";

import { slotsByDay } from "./slots";

it("groups the free windows by the day in Shanghai, in order", () => {
  const slot = (start: string, left = 1) => ({ start, end: start, left });
  const days = slotsByDay([
    slot("2026-11-25T14:00:00+08:00"),
    slot("2026-11-24T16:30:00Z"),
    slot("2026-11-24T09:00:00+08:00"),
    slot("2026-11-26T09:00:00+08:00", 0),
  ]);
  expect(days.map((day) => [day.day, day.slots.map((one) => one.start)])).toEqual([
    ["2026-11-24", ["2026-11-24T09:00:00+08:00"]],
    ["2026-11-25", ["2026-11-24T16:30:00Z", "2026-11-25T14:00:00+08:00"]],
  ]);
});
