/** The text of a CSS file, as small as the build makes it. */
declare module "*.css?inline" {
  const text: string;
  export default text;
}
