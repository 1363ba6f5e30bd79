// The style of a wait.
export const pauseCss = `
.pw .pw-pause{flex:1 0 100%;padding:2px 0 1px;display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:2px 12px;order:2;padding-inline-start:17px;font-variant-numeric:tabular-nums;&>span{color:var(--pw-amber)}}
`;
