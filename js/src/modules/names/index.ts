// What is looked for in a name that isn't plain.
export { lookalikes } from "./lookalikes";
