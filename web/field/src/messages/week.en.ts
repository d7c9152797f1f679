import type { Translated } from "@gridward/core";

import type { week as zh } from "./week.zh-Hans";

export const week: Translated<typeof zh> = {
  title: "Week",
  of: "Week of {start}",
  stops: "{n} stop | {n} stops",
  rest: "off",
  none: "No stops on this day.",
  noPlan: "No plan is published for this week yet.",
  shift: "Shift {time}",
  summary: "Walk {distance} · {walk}",
  unserved: "Did not fit into this week",
  planState: {
    planning: "being planned",
    draft: "draft",
    published: "published",
    superseded: "replaced",
    failed: "planning failed",
  },
  today: "today",
};
