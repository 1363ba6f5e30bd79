// What is shown of the agents of an orchestration.
export { Line } from "./Line";
export { Outcome } from "./Outcome";
export { Task } from "./Task";
