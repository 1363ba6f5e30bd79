// A chat, and a turn of it, as Python.
import type { ChatState, RunState } from "../../state/wire";
import { visible } from "../../text/visible";

/**
 * A text as a Python literal. JSON's escapes are Python's too; characters that can't be seen, or
 * that change how others are seen, are escaped as well: what is pasted must be what it looks like.
 */
export function literal(text: string): string {
  const parts = visible(text).map((part) =>
    typeof part === "string" ? JSON.stringify(part).slice(1, -1) : escaped(part.code),
  );
  return `"${parts.join("")}"`;
}

function escaped(code: string): string {
  const digits = code.slice(2).toLowerCase();
  return digits.length > 4 ? `\\U${digits.padStart(8, "0")}` : `\\u${digits.padStart(4, "0")}`;
}

/** The Python that goes on with a conversation. */
export const pythonOfChat = ({ kind, name, session_id: id }: ChatState): string =>
  `pb.${kind}(${literal(name)}).chat(${id === null ? "" : `session_id=${literal(id)}`})`;

/** The Python that asks a turn's question again. */
export function pythonOfTurn(chat: ChatState, { message }: RunState): string {
  const session = chat.session_id === null ? [] : [`session_id=${literal(chat.session_id)}`];
  const options = chat.options === "" ? [] : [chat.options];
  const given = [literal(message), ...session, ...options].join(", ");
  return `run = pb.${chat.kind}(${literal(chat.name)}).run(${given})\nrun`;
}
