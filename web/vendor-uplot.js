// The charts of the history: half as much again as all the rest, so it is a file of its own.
export { default as uPlot } from "uplot";
