import type { Translated } from "@gridward/core";

import type { report as zh } from "./report.zh-Hans";

export const report: Translated<typeof zh> = {
  title: "Quick report",
  photo: "Photo",
  photoHint: "not required",
  kind: "Kind",
  kindNeed: "Choose the kind first",
  changeKind: "Change the kind",
  words: "Description",
  wordsNeed: "Write a description first",
  place: "Place",
  own: "My position",
  again: "Find again",
  noFix: "No position yet: the grid has to be known",
  address: "Address, to be clear",
  selfHandled: "I have handled it on the spot",
  selfHint: "Not dispatched again, counted apart. Needs photos before and after, for spot checks.",
  selfNote: "What was done",
  selfNoteNeed: "Say what was done",
  before: "Before",
  after: "After",
  beforeNeed: "The photo before is missing",
  afterNeed: "The photo after is missing",
  send: "Report",
  saved: "Reported",
  savedOffline: "Kept on this phone, reported when there is a network",
};
