// Opens the page on which wasm-bindgen's test runner serves a test program, prints what it says, and ends with 0 if its
// tests passed. Run by `cargo xtask test`.
import { chromium } from '@playwright/test';

/** How long the page may say nothing new. */
const SILENCE_MS = 60_000;

const [url] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.PORCHLIGHT_CHROMIUM });
const page = await browser.newPage();

let output = '';
let verdict;
const complaints = [];
page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
// An error while tests run is theirs to judge; one before them means that there will be none.
const notLoaded = new Promise((_, reject) => {
  page.on('pageerror', (error) => {
    complaints.push(String(error.stack ?? error));
    if (!output.includes('running ')) reject(new Error('It did not load.'));
  });
});
notLoaded.catch(() => {}); // It is looked at below.

/** Waits until the page says more than we know, and returns all it says. */
async function saysMore() {
  const said = await page.waitForFunction(
    (before) => {
      const now = document.getElementById('output')?.textContent;
      return now && now !== before && now;
    },
    output,
    { timeout: SILENCE_MS },
  );
  return said.jsonValue();
}

try {
  await page.goto(url);
  while (!verdict) {
    output = await Promise.race([saysMore(), notLoaded]);
    verdict = /^test result: (ok|FAILED)\./m.exec(output);
  }
} catch (error) {
  complaints.unshift(`The test page came to no result. ${error.message}`);
} finally {
  await browser.close();
}

console.log(output.trim());
if (!verdict) {
  console.error(complaints.join('\n'));
}
process.exitCode = verdict?.[1] === 'ok' ? 0 : 1;
