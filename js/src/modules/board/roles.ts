// The roles of a table whose rows lie where they belong among thousands that aren't drawn: HTML's own
// table can't. A row has the focus, and its cells have none.
export const GRID = { role: "treegrid" } as const;
export const GROUP = { role: "rowgroup" } as const;
export const ROW = { role: "row" } as const;
export const HEADING = { role: "columnheader" } as const;
export const CELL = { role: "gridcell" } as const;
