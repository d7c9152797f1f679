import type { Translated } from "@gridward/core";

import type { correct as zh } from "./correct.zh-Hans";

export const correct: Translated<typeof zh> = {
  lead: "Name what is otherwise. Grid, owner and deadline are decided anew; the clock runs from the first report.",
  matter: "Matter",
  otherMatter: "Another matter",
  keepMatter: "Leave it",
  place: "Place",
  map: "Map: move the right place under the cross",
  hint: "Move the map under the cross.",
  move: "Move the pin",
  here: "It is where I stand",
  stay: "Leave it where it was",
  moved: "Moved by {m} m",
  address: "Address",
  needChange: "Name the right place or matter",
  rebook:
    "A visit is booked. It goes along if the new team has room at that time; if not, give it back and let the resident choose anew (left unticked, nothing is corrected then).",
};
