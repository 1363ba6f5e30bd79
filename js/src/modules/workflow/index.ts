// What is shown of the blocks of a workflow.
export { Asked } from "./Asked";
export { Blocks } from "./Blocks";
export { Progress } from "./Progress";
