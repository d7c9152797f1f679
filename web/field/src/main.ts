import "@fontsource-variable/noto-sans-sc";
import "vant/es/dialog/style";
import "vant/es/toast/style";
// After Vant's sheets, whose own values for the same properties would win otherwise.
import "@gridward/core/phone.css";
import "@gridward/core/latin.css";
import "./field.css";

import { makeI18n } from "@gridward/core";
import { createPinia } from "pinia";
import { createApp } from "vue";

import App from "./App.vue";
import { messages as en } from "./messages/en";
import { messages as zh } from "./messages/zh-Hans";
import { makeRouter } from "./router";
import { useWorker } from "./stores/worker";

const app = createApp(App)
  .use(createPinia())
  .use(makeI18n({ "zh-Hans": zh, en }));
const worker = useWorker();
app.use(makeRouter(() => worker.workerId !== null)).mount("#app");
