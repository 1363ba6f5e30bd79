/**
 * The look of markdown text. Letters, colours, the mark of a hidden character and the ring of what
 * has the focus are the widget's.
 */
export const markdownCss = `
.pw-md{
  font-size:14px;overflow-wrap:anywhere;isolation:isolate;contain:layout paint;margin-bottom:-3px;
  p,ul,ol,blockquote,.pw-code,.pw-table,.pw-html{margin:0 0 9px;padding:0}
  h1,h2,h3,h4,h5,h6{margin:16px 0 6px;padding:0;font-size:14px;line-height:1.35;font-weight:650;color:inherit;border:0}
  h1{font-size:18px}
  h2{font-size:16.5px}
  h3{font-size:15px}
  h5,h6,del,blockquote,li::marker,.pw-task,.pw-link-host,.pw-code-head,.pw-html,th,.pw-left-out{color:var(--pw-dim)}
  .pw-link-host,.pw-code-head,.pw-left-out{font-size:12px}
  >:first-child{margin-top:0}
  /* The last block's margin is taken back after it. A rule for the last child would be looked up
     again for everything in a long block at the moment when another block follows it. */
  &::after{content:"";display:block;margin-top:-6px}
  ul,ol{padding-inline-start:22px}
  ul{list-style:disc}
  ul ul{list-style:circle}
  ol{list-style:decimal}
  li{margin:2px 0;padding:0;
    >p,>ul,>ol{margin:0}
  }
  .pw-loose{>li,>.pw-part>li{>*{margin-bottom:6px}}}
  .pw-task-item{list-style:none}
  .pw-task{display:inline-block;width:18px;margin-inline-start:-18px}
  .pw-task-done{color:var(--pw-green)}
  li li li li li li li li :is(ul,ol){padding-inline-start:2px;list-style-position:inside}
  blockquote{padding-inline-start:12px;border-inline-start:2px solid var(--pw-line)}
  blockquote blockquote blockquote blockquote blockquote blockquote{padding-inline-start:2px}
  hr{height:1px;margin:14px 0;border:0;background:var(--pw-line)}
  a{color:var(--pw-blue);text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:2px;text-decoration-color:color-mix(in srgb,currentcolor 40%,transparent);
    &:hover{text-decoration-color:currentcolor}
  }
  code,.pw-html{font:12.5px/1.5 var(--pw-mono)}
  code{padding:1px 4px;border:0;border-radius:4px;background:var(--pw-raise);color:inherit}
  .pw-code,.pw-img-chip{border:var(--pw-rule);border-radius:6px}
  .pw-code{background:var(--pw-bg);overflow:hidden}
  .pw-code-head{display:flex;align-items:center;justify-content:space-between;height:26px;padding-inline:10px 4px;background:var(--pw-raise);border-bottom:var(--pw-rule)}
  .pw-code-lang{font-family:var(--pw-mono)}
  pre{margin:0;padding:8px 10px;overflow-x:auto;background:none;border:0;tab-size:4;
    code{display:block;width:max-content;min-width:100%;padding:0;background:none;white-space:pre;overflow-wrap:normal}
  }
  .pw-code-part,.pw-stretch{display:block}
  .pw-html{white-space:pre-wrap}
  .pw-table{overflow-x:auto}
  table{width:auto;min-width:50%;margin:0;border-collapse:collapse;border:0;font-size:13px;font-variant-numeric:tabular-nums}
  tr{background:none}
  th,td{padding-block:5px;padding-inline:0 20px;border:0;border-bottom:var(--pw-rule);text-align:start;vertical-align:top;background:none;overflow-wrap:normal;max-width:420px}
  [align=left]{text-align:left}
  [align=center]{text-align:center}
  [align=right]{text-align:right}
  th{font-weight:500}
  .pw-fixed{table-layout:fixed;min-width:0;
    td{overflow-wrap:anywhere}
  }
  .pw-img-chip{display:inline-flex;flex-wrap:wrap;align-items:center;gap:6px;max-width:100%;padding:1px 6px;background:var(--pw-raise);
    img{display:block;max-width:100%;height:auto;flex-basis:100%}
  }
  .pw-maths{font:12.5px/1.5 var(--pw-mono);white-space:pre-wrap}
  .pw-display{display:block;margin:0 0 9px}
  button{padding:1px 7px;border:1px solid transparent;border-radius:4px;background:none;color:var(--pw-dim);font-size:12px;
    &:hover{color:var(--pw-fg);border-color:var(--pw-line)}
  }
  .pw-cite{min-width:17px;margin:0 1px;padding:0 4px;border-radius:5px;background:color-mix(in srgb,var(--pw-blue) 10%,var(--pw-bg));color:var(--pw-blue);font-size:11px;line-height:16px;text-align:center;vertical-align:1px}
}
`;
