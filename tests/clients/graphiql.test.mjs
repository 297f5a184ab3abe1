// GraphiQL in headless Chromium, with no network but the server.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { finishedJob, origin } from './server.mjs';

let browser;
let page;
/** Whatever the page asked of anybody else. */
const foreign = [];
/** Whatever it complained of. */
const complaints = [];

before(async () => {
  const args = ['--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args, chromiumSandbox: false });
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  await context.route('**', (route) => {
    if (route.request().url().startsWith(origin)) return route.continue();
    foreign.push(route.request().url());
    return route.abort();
  });
  page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(origin);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
});

after(() => browser.close());

/** Writes an operation called `name` into a new tab, which is then called so. */
async function write(name, operation) {
  await page.getByRole('button', { name: /new tab/i }).click();
  await page.locator('.graphiql-query-editor .monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(operation);
  await page.locator('.graphiql-tab').filter({ hasText: name }).waitFor();
}

/** What the answer's editor shows, once it shows `expected`. */
async function answers(expected) {
  const shown = page.locator('.graphiql-response .view-lines, .result-window .view-lines').first();
  await shown.filter({ hasText: expected }).waitFor({ timeout: 15_000 });
  return shown.innerText();
}

test('it opens with operations to try, and the first is answered', async () => {
  const tabs = await page.locator('.graphiql-tab').count();
  assert.ok(tabs >= 8, `${tabs} tabs`);
  await page.getByRole('button', { name: /execute query/i }).click();
  await answers('"data"');
});

test('it shows the documentation', async () => {
  await page.getByRole('button', { name: /documentation explorer/i }).click();
  const docs = page.locator('.graphiql-doc-explorer');
  await docs.getByText('Mutation', { exact: true }).first().click();
  await docs.getByText('deleteUser', { exact: false }).first().waitFor();
});

test('it completes a field', async () => {
  await write('Half', 'query Half { platform { id: name tim } }');
  for (let back = 0; back < 4; back += 1) await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Control+Space');
  await page.locator('.suggest-widget').getByText('timeZone').first().waitFor();
  await page.keyboard.press('Escape');
});

test('it runs a query and a subscription', async () => {
  await write('Zone', 'query Zone { platform { timeZone } }');
  await page.getByRole('button', { name: /execute query/i }).click();
  await answers('timeZone');
  await write('Follow', `subscription Follow { removalJobProgress(id: "${await finishedJob()}") { status done total } }`);
  await page.getByRole('button', { name: /execute query/i }).click();
  await answers('SUCCEEDED');
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
});

test('it takes what its address says after #, and keeps it out of sight', async () => {
  const other = await page.context().newPage();
  const isShown = (text) => other.locator('.graphiql-query-editor .view-line').filter({ hasText: text }).first().waitFor();
  await other.goto(`${origin}/#password=roster_link_nonsense`);
  await isShown('ChoosePassword');
  assert.equal(other.url(), `${origin}/`);
  await other.goto('about:blank');
  await other.goto(`${origin}/#token=roster_nonsense`);
  await isShown('');
  assert.equal(other.url(), `${origin}/`);
  const headers = await other.evaluate(() => localStorage.getItem('graphiql:headers'));
  assert.deepEqual(JSON.parse(headers), { Authorization: 'Bearer roster_nonsense' });
  await other.close();
});

test('it asked nobody else, and nothing was refused by its policy', () => {
  assert.deepEqual(foreign, []);
  assert.deepEqual(complaints, []);
});
