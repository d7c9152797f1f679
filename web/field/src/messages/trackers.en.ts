import type { Translated } from "@gridward/core";

import type { trackers as zh } from "./trackers.zh-Hans";

export const trackers: Translated<typeof zh> = {
  title: "Tracker apps",
  lead: "A tracker app on your phone may send the positions of your patrols. Outside a patrol nothing is kept.",
  none: "No tracker app may send for you.",
  add: "Let an app send",
  issue: "Make a token",
  issued: "Enter this in {name}",
  once: "The token is shown only now.",
  url: "Server address",
  token: "Token (in OwnTracks: the password)",
  device: "Device identifier",
  open: "Set up Overland",
  since: "Since {at}",
  used: "last sent {at}",
  unused: "has not sent yet",
  end: "End",
  endAsk: "End {name}? It can send nothing from now on.",
  ended: "Ended.",
};
