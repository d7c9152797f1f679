import type { Translated } from "@gridward/core";

import type { me as zh } from "./me.zh-Hans";

export const me: Translated<typeof zh> = {
  title: "Me",
  and: ", ",
  grid: "My grids",
  role: { grid_worker: "Grid worker", grid_leader: "Grid leader" },
  language: "Language",
  elder: "Large text",
  on: "on",
  off: "off",
  consent: "Consent to patrol positions",
  consentGiven: "Given",
  consentNot: "Not given",
  consentUnknown: "Unknown: the server cannot be reached",
  withdraw: "Withdraw",
  withdrawAsk:
    "No positions of yours are recorded or taken any more, and a running patrol ends. Visits, reports and cases go on.",
  withdrawn: "Withdrawn",
  storage: "Used on this phone",
  storageUsed: "about {mb} MB",
  complaint: "A complaint about this app",
  complaintHint: "Double entry, needless demands, hard to use: call 12345.",
  signOut: "Log out",
  signOutAsk: "The route and cases kept on this phone are deleted.",
  signOutUnsent:
    "{n} record is unsent and would be deleted, too! Send or export it first. | {n} records are unsent and would be deleted, too! Send or export them first.",
  signOutAnyway: "Delete and log out",
  patrolFirst: "End the patrol first",
};
