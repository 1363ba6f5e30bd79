/**
 * What the modules that are loaded on demand share with the core: they import it from here, and in
 * the build they are handed it, so that there is one preact and one set of components.
 */
export { createElement, Fragment } from "preact";
export { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
export { Button } from "./components/Button";
export { CopyButton } from "./components/CopyButton";
export { Field } from "./components/Field";
export { Act } from "./components/Header";
export { Chevron, Glyph } from "./components/Glyph";
export { LongText } from "./components/LongText";
export { StreamedText } from "./components/StreamedText";
export { Scalar, Value } from "./components/Value";
export { Visible } from "./components/Visible";
export { copyText } from "./copy";
export { pure, useKeys, useNow, useSeconds, useToggle } from "./hooks";
export { compact, isScalar, parseJson, pretty } from "./json";
export { MarkdownView } from "./markdown";
export { oneLine, peek } from "./peek";
export { textAt } from "./store";
export { newId } from "./id";
export { hasEnded } from "./view";
