export const map = {
  label: "地图",
  legend: "图例",
  all: "全部辖区",
  workerLive: "网格员（3 分钟内）",
  workerOld: "网格员（位置较旧）",
  planned: "计划路线",
  walked: "实走轨迹",
  grid: "网格边界",
  noWebgl: "此浏览器不能绘制地图（需要 WebGL2）。列表仍可使用。",
  casesFailed: "地图上的案件没有取到，正在等待下次更新。",
};
