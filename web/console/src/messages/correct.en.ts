import type { Translated } from "@gridward/core";

import type { correct as zh } from "./correct.zh-Hans";

export const correct: Translated<typeof zh> = {
  lead: "Name what is otherwise. Grid, owner and deadline are decided anew; the clock runs from the first report.",
  matter: "Matter",
  place: "Place",
  move: "Move the pin",
  stay: "Leave it where it was",
  hint: "Move the map under the cross.",
  moved: "Moved by {m} m",
  address: "Address",
  why: "Why (kept in the history)",
  send: "Correct",
  noGrid: "no grid",
  desk: "the desk",
  noDue: "no limit",
  done: "Corrected: now {grid}, {owner}; deadline {due}",
  kept: "Corrected: now {grid}; {owner} has begun and keeps it until a desk decides. Deadline {due}",
  missing: { change: "Name the right place or matter", note: "Say why" },
  located: {
    inside: "in a grid",
    on_border: "on a border",
    uncertain: "on a border",
    snapped: "beside a grid",
    gap: "in no grid: the community decides",
    outside: "outside the served area",
  },
};
