// A comparison: sent to a page that shows one.
export { Compare as Board } from "./Compare";
