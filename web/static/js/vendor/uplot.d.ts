// For the type checker alone: what uplot.js exports.
export { default as uPlot } from "uplot";
