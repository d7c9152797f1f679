import type { Translated } from "@gridward/core";

import type { summary as zhSummary, queue as zhQueue } from "./queue.zh-Hans";

export const summary: Translated<typeof zhSummary> = {
  open: "Open",
  overdue: "Overdue",
  stops: "Visits today",
  live: "On patrol",
};

export const queue: Translated<typeof zhQueue> = {
  title: "Case queue",
  search: "Number, words, address",
  state: "State",
  openStates: "All open",
  endedStates: "Ended",
  grid: "Grid",
  matter: "Matter",
  count: "{n} case | {n} cases",
  loading: "Loading",
  reset: "Clear {n} filter | Clear {n} filters",
  waiting: "{n} update: click to refresh | {n} updates: click to refresh",
  more: "Load more",
  end: "End of the list",
  nothingFound: "No case matches",
  widen: "Widen or clear the filters.",
  nothingOpen: "No open cases",
  quietDay: "New reports appear here by themselves.",
  order: { label: "Order", due: "By deadline", newest: "Newest first" },
};
