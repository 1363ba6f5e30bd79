// The sign of a state; the word for it stands beside it, seen or said.
const PATHS = {
  waiting: "M5.5 4v8M10.5 4v8",
  done: "M3 8.5l3.2 3.2L13 4.8",
  failed: "M4 4l8 8M12 4l-8 8",
  denied: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11M4.2 4.2l7.6 7.6",
  interrupted: "M3 8h3M10 8h3",
};

export function Glyph({ status }: { status: "running" | keyof typeof PATHS }) {
  if (status === "running") return <span class="pw-glyph pw-spin" aria-hidden />;
  return <Icon path={PATHS[status]} />;
}

export function Chevron() {
  return <Icon path="M6 3.5L10.5 8 6 12.5" kind="pw-chevron" />;
}

export function Icon({ path, kind = "" }: { path: string; kind?: string }) {
  return (
    <svg class={`pw-glyph ${kind}`} viewBox="0 0 16 16" aria-hidden>
      <path d={path} />
    </svg>
  );
}
