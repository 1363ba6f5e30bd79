export { Nested } from "./Nested";
export { Reading } from "./Reading";
