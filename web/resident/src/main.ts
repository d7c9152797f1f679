import "@fontsource-variable/noto-sans-sc";
import "vant/es/dialog/style";
import "vant/es/toast/style";
// After Vant's sheets, whose own values for the same properties would win otherwise.
import "@gridward/core/phone.css";
import "@gridward/core/latin.css";
import "./resident.css";

import { makeI18n } from "@gridward/core";
import { createPinia } from "pinia";
import { createApp } from "vue";

import App from "./App.vue";
import { messages as en } from "./messages/en";
import { messages as zh } from "./messages/zh-Hans";
import { router } from "./router";

createApp(App)
  .use(createPinia())
  .use(makeI18n({ "zh-Hans": zh, en }))
  .use(router)
  .mount("#app");
