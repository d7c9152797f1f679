import type { Translated } from "@gridward/core";

import type {
  app as zhApp,
  shell as zhShell,
  nav as zhNav,
  login as zhLogin,
  live as zhLive,
  notices as zhNotices,
  keys as zhKeys,
} from "./shell.zh-Hans";

export const app: Translated<typeof zhApp> = { title: "Command console" };

export const shell: Translated<typeof zhShell> = {
  skip: "Skip to content",
  nav: "Main navigation",
  keys: "Keyboard shortcuts",
  theme: "Light or dark",
  leave: "Sign out",
  retry: "Try again",
  requestId: "Request {id}",
  close: "Close",
  cancel: "Cancel",
  showMap: "Map",
  showList: "List",
};

export const nav: Translated<typeof zhNav> = {
  overview: "Map & cases",
  plan: "Weekly plan",
  disputes: "Disputes",
  divisions: "Divisions",
  rules: "Rules",
  tracks: "Tracks",
  statistics: "Statistics",
  duty: "Duty",
};

export const login: Translated<typeof zhLogin> = {
  username: "User name",
  password: "Password",
  enter: "Sign in",
  hint: "For the desks of community, street, district and city. Grid workers use the phone page.",
  wrongRole: "This account cannot open the console. Grid workers and residents have their own pages.",
};

export const live: Translated<typeof zhLive> = {
  connecting: "Connecting",
  live: "Live",
  waiting: "Connection lost, retrying",
  stopped: "Not connected",
  lastEvent: "{state} · last update {ago}",
};

export const notices: Translated<typeof zhNotices> = {
  title: "Notices",
  unread: "{n} unread",
  allRead: "All read",
  readAll: "Mark all as read",
  none: "No notices yet. What happens to cases and plans of yours appears here.",
  new: "Unread",
};

export const keys: Translated<typeof zhKeys> = {
  title: "Keyboard shortcuts",
  next: "Next case",
  previous: "Previous case",
  open: "Open the first or next case",
  close: "Close the right panel",
  search: "Search",
  assign: "Assign",
  note: "Add a note",
  refresh: "Refresh the list",
  workers: "Workers panel",
  help: "Show this list",
  rule: "Keys do nothing while you type or use an input method.",
};
