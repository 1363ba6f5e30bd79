// What a person does in Firefox with a notebook, and what they then see, as JSON.
// `node firefox.mjs MODULES FIREFOX ADDRESS PICTURE`
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, executablePath, address, picture] = process.argv.slice(2);
const { default: puppeteer } = await import(
  createRequire(join(modules, "x.js")).resolve("puppeteer-core")
);

const LONG = 60_000; // ms
const problems = [];
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1200, height: 900 });
  page.on("pageerror", (error) => problems.push(`page: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  const until = (what, ...given) => page.waitForFunction(what, { timeout: LONG }, ...given);
  const command = (name) => page.evaluate((n) => void window.jupyterapp.commands.execute(n), name);
  const saw = () =>
    page.evaluate(() => ({
      statuses: [...document.querySelectorAll(".pw-status")].map((one) => one.textContent),
      text: document.querySelector('.pw [role="log"]')?.textContent,
      formulas: document.querySelectorAll(".pw math").length,
      coloured: CSS.highlights.size + document.querySelectorAll(".pw code span[class]").length,
      colour: getComputedStyle(document.querySelector(".pw")).backgroundColor,
    }));
  /** Clicks in the middle of the button, once it lies in sight and may be pressed. */
  const click = async (words) => {
    const found = await until(
      (text) =>
        [...document.querySelectorAll(".pw button")].find((one) => one.textContent.trim() === text),
      words,
    );
    const button = found.asElement();
    await button.scrollIntoView();
    await button.hover();
    await until((one) => !one.disabled && one.ariaDisabled !== "true", button);
    await button.click();
  };
  const ready = async () => {
    await until(() => window.jupyterapp && document.querySelector(".jp-Notebook .jp-Cell"));
    await page.evaluate(() => window.jupyterapp.restored);
    await until(() => {
      const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
      return kernel?.status === "idle" && kernel.connectionStatus === "connected";
    });
  };

  await page.goto(address, { waitUntil: "domcontentloaded", timeout: LONG });
  await ready();
  await command("notebook:run-all-cells");
  await click("Approve");
  // The cell that sleeps ends when the write that was approved is done.
  await until(() => document.querySelectorAll(".pw-status").length === 4);
  await until(() =>
    [...document.querySelectorAll(".pw-status")].every((one) => one.textContent === "Done"),
  );
  await until(() => document.querySelectorAll(".pw math").length >= 5);
  const first = await saw();
  await command("docmanager:save");
  await until(() => !document.querySelector(".jp-mod-current.jp-mod-dirty"));
  await page.evaluate(() => document.querySelector(".pw").scrollIntoView());
  await page.screenshot({ path: picture });
  await page.reload({ waitUntil: "domcontentloaded" });
  await ready();
  await until(() => document.querySelectorAll(".pw math").length >= 5);
  const again = await saw();
  process.stdout.write(JSON.stringify({ first, again, problems }));
} finally {
  await browser.close();
}
