import type { Translated } from "@gridward/core";

import type { login as zh } from "./login.zh-Hans";

export const login: Translated<typeof zh> = {
  title: "Field worker login",
  username: "User name",
  password: "Password",
  enter: "Log in",
  entering: "Logging in…",
  need: "Type user name and password",
  wrong: "User name or password is wrong",
  notField: "This account is no grid worker or grid leader: use the command centre page.",
  unsent:
    "{n} unsent record is on this phone: log in with the same account as before. | {n} unsent records are on this phone: log in with the same account as before.",
};
