export const flagged = {
  title: "我的轨迹提示",
  lead: "看起来异常的轨迹可能只是信号不好。提示不是结论，由人核查。",
  none: "您的轨迹没有需要核查的内容。",
  like: "{words}（{date}）",
  fine: "已看：无问题",
  talk: "会有人与您沟通",
  open: "还没有人核查。",
  hints: {
    zero: "坐标为零的点",
    future: "时间超前的点",
    past: "时间过旧的点",
    teleport: "位置跳变",
    frozen_accuracy: "移动中精度始终不变",
    replayed: "与以前某天路线和节奏完全一致",
  },
};
