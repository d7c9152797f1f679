import { makeI18n } from "@gridward/core";
import { createPinia } from "pinia";
import { createApp } from "vue";

import App from "./App.vue";
import { messages as en } from "./messages/en";
import { messages as zh } from "./messages/zh-Hans";

createApp(App)
  .use(createPinia())
  .use(makeI18n({ "zh-Hans": zh, en }))
  .mount("#app");
