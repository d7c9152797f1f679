import "@fontsource-variable/noto-sans-sc";
import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./styles/console.css";
import "./styles/forms.css";
import "@gridward/core/latin.css";

import { makeI18n } from "@gridward/core";
import { createPinia } from "pinia";
import { createApp } from "vue";

import { onSignedOut } from "./api";
import App from "./App.vue";
import { messages as en } from "./messages/en";
import { messages as zh } from "./messages/zh-Hans";
import { router } from "./router";
import { useSession } from "./stores/session";

const app = createApp(App)
  .use(createPinia())
  .use(makeI18n({ "zh-Hans": zh, en }));
onSignedOut(() => {
  const session = useSession();
  if (session.actor === null) return;
  session.forget();
  void router.push({ name: "login", query: { to: router.currentRoute.value.fullPath } });
});
app.use(router).mount("#app");
