/** The text of a CSS file of a library. */
declare module "*.css?raw" {
  const text: string;
  export default text;
}
