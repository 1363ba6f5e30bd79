export { Composer } from "./Composer";
export { After, Before } from "./Notes";
export { Tools } from "./Tools";
