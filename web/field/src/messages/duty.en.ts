import type { Translated } from "@gridward/core";

import type { duty as zh } from "./duty.zh-Hans";

export const duty: Translated<typeof zh> = {
  title: "Who answers for my grids",
  lead: "In this order. Who is away is passed over.",
  none: "You serve no grid now.",
  me: "you",
  you: "You are entered as away.",
  youUntil: "You are entered as away until {at}.",
  until: "until {at}",
  desk: "Call the community desk",
  reason: {
    away: "away",
    cover: "cover",
    leader: "grid leader",
    worker: "grid worker",
    worker_part_time: "grid worker, part time",
    deputy_a: "A deputy",
    deputy_b: "B deputy",
  },
};
