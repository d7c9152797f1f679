export const week = {
  title: "一周",
  of: "{start} 这一周",
  stops: "{n} 站",
  rest: "不排班",
  none: "这一天没有站点。",
  noPlan: "这一周还没有发布计划。",
  shift: "班次 {time}",
  summary: "步行 {distance} · {walk}",
  unserved: "这周排不进去的",
  planState: {
    planning: "正在编排",
    draft: "草稿",
    published: "已发布",
    superseded: "已替换",
    failed: "编排失败",
  },
  today: "今天",
};
