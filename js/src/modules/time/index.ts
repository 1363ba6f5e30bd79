export { Chart } from "./Chart";
