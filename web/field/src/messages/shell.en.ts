import type { Translated } from "@gridward/core";

import type { app as zh } from "./shell.zh-Hans";

export const app: Translated<typeof zh> = {
  title: "Field worker",
  skip: "Skip to content",
  nav: "Main pages",
  tabs: { today: "Today", week: "Week", report: "Report", outbox: "Outbox", me: "Me" },
  offline: "No network: work goes on, everything is sent later by itself",
  unsent: "{n} unsent",
  refused: "{n} refused",
  signedOut: "Please log in again; your records are safe on this phone",
  signInAgain: "Log in",
  notFound: "There is no such page",
  toToday: "To today",
  age: "Data from {age}",
  ageOffline: "The server cannot be reached; data from {age}",
  refresh: "Refresh",
  patrolling: "On patrol",
};
