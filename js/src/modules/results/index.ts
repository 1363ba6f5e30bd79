// What is shown of values that hold others.

export { settle, settled } from "../../text/terminal";
export { Nested } from "./Nested";
export { Reading } from "./Reading";
