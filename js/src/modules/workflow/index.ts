// What is shown of the blocks of a workflow.
export { Blocks } from "./Blocks";
export { Progress } from "./Progress";
