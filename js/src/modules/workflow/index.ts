export { Blocks } from "./Blocks";
export { Progress } from "./Progress";
