// The board of a batch: sent to a page that shows one.
export { Board } from "./Board";
