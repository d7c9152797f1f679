import type { Translated } from "@gridward/core";

import type { dispute as zh } from "./dispute.zh-Hans";

export const dispute: Translated<typeof zh> = {
  title: "Returns",
  lead: "Cases that were sent back between your grids and others. The deadline runs on until somebody settles it.",
  none: "Nothing was sent back.",
  asks: "Asks you",
  sent: "Sent back by your grid",
  other: "Settled",
  open: "{n} return asks you: is it yours? | {n} returns ask you: are they yours?",
  see: "Look at the returns",
  hint: "You keep the case and its deadline until a neighbour takes it or the desk above rules. A decision is sent back once.",
  needGround: "Say why in at least {least} characters",
  proposed: "Who should have it",
  nobody: "I don't know",
  grids: "Grids beside yours",
  departments: "Departments",
  noList: "The list needs a network once; you may send it back without a proposal.",
  take: "Yes, ours: take it",
  waiting: "Kept on this phone, waits to be sent",
  withdraw: "Take the return back",
  ground: "Ground",
  from: "from {name}",
  asked: "asked: {name}",
  border: "{m} m from the border",
  earlier: "Earlier rulings here",
  informs: "For information; it does not decide this case.",
  at: "{day}: {owner}",
  state: {
    open: "Sent back, not settled yet",
    agreed: "Taken by the side that was asked",
    ruled: "Ruled",
    withdrawn: "Return ended without a ruling",
  },
  level: {
    community: "the community rules",
    street: "the street rules",
    county: "the county rules",
    city: "the city rules",
  },
  how: { agreed: "agreed", ruled: "ruled" },
};
