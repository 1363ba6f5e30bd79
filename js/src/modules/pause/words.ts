// The words of a wait, and of a run that was reused.
import { clock } from "../../text/words";

export const waits = {
  retry: "The server asked to wait",
  look_up: "Looking up what the server made of it",
};
const nth = (value: number) => value + (["", "st", "nd", "rd"][value] ?? "th");
export const nextTry = (seconds: number, attempt: number) =>
  attempt > 1
    ? `${seconds > 0 ? `next try in ${clock(Math.ceil(seconds))}` : "trying now"} (${nth(attempt)} try)`
    : seconds > 0
      ? `starts in ${clock(Math.ceil(seconds))}`
      : "starting now";
export const nextLook = (seconds: number) =>
  seconds > 0 ? `next look in ${inWords(Math.ceil(seconds))}` : "looking now";
const inWords = (seconds: number) => (seconds < 60 ? `${seconds} s` : clock(seconds));
export const giveUp = "Give up";
export const stopLooking = "Stop looking";
export const anew = "Run anew";
export const sendingAnew = "Sending";
export const anewCosts = "It is sent again, and paid again.";
