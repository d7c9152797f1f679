import type { Translated } from "@gridward/core";

import type { patrol as zh } from "./patrol.zh-Hans";

export const patrol: Translated<typeof zh> = {
  start: "Start patrol",
  stop: "End patrol",
  stopAsk: "End this patrol? No positions are recorded afterwards.",
  recording: "Recording positions",
  queued: "{n} queued",
  sent: "{n} sent",
  age: "fix {age}",
  accuracy: "±{m} m",
  noFix: "no fix yet",
  visited: "{n} stop visited | {n} stops visited",
  rejected: "the server did not take {n} point | the server did not take {n} points",
  failure: {
    denied: "No permission for positions: allow it in the settings",
    unavailable: "No position now; trying on",
    unsupported: "This browser cannot find positions",
  },
  consentTitle: "Patrol positions: read first, then decide",
  consentWhat:
    "What: your position between “Start patrol” and “End patrol”, one point each 10–30 s. Nothing outside a patrol.",
  consentWhy:
    "What for: to prove the way walked and the stops visited, and to show what nobody has looked at. No ranking, no sign-in, no online time.",
  consentWho:
    "Who sees it: you, your grid leader, the community and the street's command centre. You see all of your own track and may object.",
  consentKeep: "How long: raw tracks are deleted within 90 days; only daily sums stay.",
  consentBack: "You may withdraw under “Me” at any time; visits, reports and cases go on without it.",
  screenOn:
    "Keep the screen on while recording: a browser in the background finds no position, and gaps are shown as gaps.",
  agree: "Agree and start",
  decline: "No",
  needOnline: "The first consent needs a network. You may go on visits without recording.",
};
