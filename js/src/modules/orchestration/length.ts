// Whether a task is too long for the line, and so stands below it where that is open.
const LONG = 60; // characters of a task that is opened to be read

export const isLong = (task: string): boolean => task.length > LONG || task.includes("\n");
