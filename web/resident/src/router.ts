import { createRouter, createWebHashHistory } from "vue-router";

import Home from "./screens/Home.vue";

/** Addresses live behind the `#`: the app works from any static server and inside other apps' web views. */
export const router = createRouter({
  history: createWebHashHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: "/", name: "home", component: Home },
    { path: "/report", name: "report", component: () => import("./screens/Report.vue") },
    { path: "/done/:number", name: "done", props: true, component: () => import("./screens/Done.vue") },
    { path: "/book", name: "book", component: () => import("./screens/Book.vue") },
    {
      path: "/book/:matter",
      name: "book-matter",
      props: true,
      component: () => import("./screens/BookMatter.vue"),
    },
    {
      path: "/book/:matter/visit",
      name: "book-visit",
      props: true,
      component: () => import("./screens/BookVisit.vue"),
    },
    { path: "/login", name: "login", component: () => import("./screens/Login.vue") },
    { path: "/requests", name: "requests", component: () => import("./screens/Requests.vue") },
    {
      path: "/requests/:id",
      name: "request",
      props: true,
      component: () => import("./screens/RequestDetail.vue"),
    },
    { path: "/notices", name: "notices", component: () => import("./screens/NoticesPage.vue") },
    { path: "/follow", name: "follow", component: () => import("./screens/Follow.vue") },
    { path: "/grids", name: "grids", component: () => import("./screens/Grids.vue") },
    { path: "/:rest(.*)*", name: "missing", component: () => import("./screens/Missing.vue") },
  ],
});
