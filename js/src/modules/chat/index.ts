export { Composer } from "./Composer";
export { Head } from "./Head";
export { After, Before } from "./Notes";
export { Tools } from "./Tools";
