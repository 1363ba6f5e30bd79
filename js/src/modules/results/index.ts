// What is shown of values that hold others.
export { Nested } from "./Nested";
export { Reading } from "./Reading";
