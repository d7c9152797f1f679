import type { Translated } from "@gridward/core";

import type { workers as zh } from "./workers.zh-Hans";

export const workers: Translated<typeof zh> = {
  title: "Workers",
  count: "{live} of {all} on patrol",
  search: "Name or grid",
  none: "No worker matches.",
  off: "not on patrol",
  offHint: "A position is shown only while the worker's own patrol is on.",
  track: "Track",
};
