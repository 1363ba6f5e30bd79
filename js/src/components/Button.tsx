import type { ButtonHTMLAttributes } from "preact";

/** A button that submits nothing, in whatever form a host may have put the cell. */
export const Button = (props: ButtonHTMLAttributes) => <button type="button" {...props} />;
