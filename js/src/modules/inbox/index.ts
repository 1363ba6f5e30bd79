// An inbox: sent to a page that shows one.
export { Inbox as Board } from "./Inbox";
