import type { Translated } from "@gridward/core";

import type { today as zhToday, round as zhRound } from "./today.zh-Hans";

export const today: Translated<typeof zhToday> = {
  title: "Today",
  list: "Route",
  map: "Map",
  cases: "Cases",
  summary:
    "{done} of {n} stop done · walk {distance} · {walk} | {done} of {n} stops done · walk {distance} · {walk}",
  next: "Next stop",
  open: "Record",
  none: "No visits are planned for today.",
  noneHint: "You may patrol freely, or look at the week.",
  nextDay: "Next: {date}, {n} stop | Next: {date}, {n} stops",
  allDone: "All of today's stops are done.",
  casesNone: "No cases to handle.",
  window: "booked {time}",
  hours: "open {time}",
  planned: "planned {time}",
  unsent: "unsent",
  wereYouHere: "Were you here?",
  whichDoors:
    "You were at a house with several stops, and the track does not tell doors apart. Record or skip {n} stop. | You were at houses with several stops, and the track does not tell doors apart. Record or skip {n} stops.",
  mapFailed: "This phone cannot draw the map: use the list.",
  you: "My position",
};

export const round: Translated<typeof zhRound> = {
  changed: "Your round changed at {at}",
  seen: "Seen",
};
