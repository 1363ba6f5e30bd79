export { Line } from "./Line";
export { Outcome } from "./Outcome";
export { Task } from "./Task";
