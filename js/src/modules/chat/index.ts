// What a chat needs to be written in: sent to a page that shows a chat.
export { Composer } from "./Composer";
export { Earlier, OnTheWay } from "./Earlier";
export { TurnTools } from "./TurnTools";
