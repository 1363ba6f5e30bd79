/**
 * What the modules that are loaded on demand share with the core: they import it from here, and in
 * the build they are handed it, so that there is one preact and one set of components.
 */

export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { Fragment, jsx, jsxs } from "preact/jsx-runtime";
export { ActionButton } from "./components/ActionButton";
export { Approval } from "./components/Approval";
export { Arguments } from "./components/Arguments";
export { Button } from "./components/Button";
export { CopyButton } from "./components/CopyButton";
export { Decoded } from "./components/Decoded";
export { agentsOf } from "./components/Delegation";
export { Field } from "./components/Field";
export { Chevron, Glyph, Icon } from "./components/Glyph";
export { LongText } from "./components/LongText";
export { Result } from "./components/Result";
export { StreamedText } from "./components/StreamedText";
export { axisOf } from "./components/Time";
export { Rows, Scalar, Value } from "./components/Value";
export { ToolName, Visible } from "./components/Visible";
export { isOver } from "./link/actions";
export { newId } from "./link/id";
export { answerOf } from "./text/answer";
export { hasPicture, isImage, oneLine, peek, sizeOf } from "./text/glance";
export { compact, countOf, isScalar, parseJson, readJson } from "./text/json";
export { pure, useKeys, useNow, useSeconds, useToggle } from "./view/hooks";
