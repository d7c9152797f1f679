import type { Translated } from "@gridward/core";

import type { flagged as zh } from "./flagged.zh-Hans";

export const flagged: Translated<typeof zh> = {
  title: "Hints on my tracks",
  lead: "What looks odd may have a plain reason, such as bad signal. A hint is no verdict; a person looks at it.",
  none: "Nothing about your tracks asks for a look.",
  like: "{words} ({date})",
  fine: "Looked at: fine",
  talk: "Somebody will talk to you about it",
  open: "Nobody has looked at it yet.",
  hints: {
    zero: "Points at zero",
    future: "Points from the future",
    past: "Points long past",
    teleport: "Jumps in position",
    frozen_accuracy: "Accuracy never changed while moving",
    replayed: "Same ways at the same pace as on an earlier day",
  },
};
