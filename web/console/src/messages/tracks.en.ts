import type { Translated } from "@gridward/core";

import type { tracks as zh } from "./tracks.zh-Hans";

export const tracks: Translated<typeof zh> = {
  title: "Planned vs walked",
  views: "Views of the walked and the unseen",
  worker: "Choose a worker",
  day: "Day",
  dayBefore: "Day before",
  dayAfter: "Day after",
  choose: "Choose a worker and a day to compare the planned route with the walked track.",
  stops: "Visited / planned",
  shown: "Shown by the track",
  walked: "Walked",
  planned: "Planned",
  duration: "On patrol",
  share: "Of the plan walked",
  gaps: "Gaps",
  hints: {
    zero: "Points at zero",
    future: "Points from the future",
    past: "Points long past",
    teleport: "Jumps in position",
    frozen_accuracy: "Accuracy never changed while moving",
    replayed: "Same ways at the same pace as on an earlier day",
  },
  repeats: "Repeats {date}",
  look: "You have looked at it:",
  verdicts: { fine: "Looked at: fine", talk: "Talk to the worker" },
  lookNote: "Note (the worker reads it)",
  looked: "{by}, {at}",
  noTrack: "No track on this day. It is recorded only while the worker's own patrol is on.",
  noPlan: "No published plan for this day.",
  hint: "Gaps in the track are left as gaps. This is a hint: whether a place was visited is for people to judge.",
};
