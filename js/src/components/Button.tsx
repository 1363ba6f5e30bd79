// A button that submits nothing, in whatever form a host may have put the cell.
import type { ButtonHTMLAttributes } from "preact";

export const Button = (props: ButtonHTMLAttributes) => <button type="button" {...props} />;
