import { expect } from '../fixtures.ts';
import type { HostPage } from '../pages/host-page.ts';
import { bytes, png } from './files.ts';
import { VisitorApi } from './visitor-api.ts';

/**
 * Brings the widget into every state that it can be in, one after the other as a visitor might meet them, and calls `look`
 * at each. The mock agent must be playing `showcase.toml`, and the host page be loaded.
 */
export async function visitStates(host: HostPage, look: (state: string) => Promise<void>): Promise<void> {
  const { page, panel } = host;
  await expect(host.launcher).toBeVisible();
  await look('closed');

  await host.open();
  await look('empty');

  const api = await VisitorApi.of(page, async () => {
    await panel.send('Hello! When should I plant an apple tree?');
    await expect(panel.text(/Robin!/)).toBeVisible();
    await panel.send('Is the end of March too late?');
    await expect(panel.text(/first summer/)).toBeVisible();
    await expect(panel.message('Is the end of March too late?')).toHaveClass(/read/);
  });
  await look('conversation');

  await panel.send('Which one would you take?');
  await expect(panel.dots).toBeVisible();
  await look('typing');
  await expect(panel.text(/sunny wall/)).toBeVisible();

  await panel.sendAndLeave('What will I need?');
  await expect(host.launcher).toHaveAccessibleName(/[3٣]/);
  await look('unread');
  await host.open();
  await expect(panel.newLine).toBeVisible();
  await look('new-messages');

  await panel.attach(png('IMG_2093.png', 800, 600), bytes('A plan of the whole garden, with every tree.pdf', 400_000));
  await panel.attach(bytes('film.mp4', 10 * 1024 * 1024 + 1));
  await expect(panel.chip('film.mp4')).toHaveClass(/failed/);
  await page.route('**/widget/v1/attachments**', (route) => route.abort('connectionreset'), { times: 1 });
  await panel.attach(bytes('notes.txt', 300));
  await expect(panel.chip('notes.txt')).toHaveClass(/passing/);
  await panel.composer.fill('Is this too close to the house?');
  await panel.composer.press('Enter');
  await look('attaching');
  for (const name of ['film.mp4', 'notes.txt']) await panel.chip(name).locator('[name=remove]').click();
  await panel.composer.press('Enter');
  await expect(panel.text(/lovely evening/)).toBeVisible();
  await look('attached');

  await panel.picture('IMG_2093.png').click();
  await expect(panel.lightbox).toBeVisible();
  await look('picture');
  await page.keyboard.press('Escape');
  await panel.emojiButton.click();
  await expect(panel.picker).toBeVisible();
  await look('emoji');
  await page.keyboard.press('Escape');
  await expect(panel.picker).toBeHidden();

  await panel.send('Do you deliver on Sundays?');
  await expect(panel.text(/Nobody could answer/)).toBeVisible();
  const refusal = { code: 'invalid_fields', message: 'No.', fields: [{ field: 'content', problem: 'no' }] };
  await page.route(
    '**/widget/v1/conversations/*/messages/*',
    (route) => route.fulfill({ status: 422, json: { error: refusal } }),
    { times: 1 },
  );
  await panel.send('My number is 0151 2345678');
  await expect(panel.message('My number is 0151 2345678')).toHaveClass(/not-sent/);
  await look('refused');
  await panel.message('My number is 0151 2345678').locator('[name=delete]').click();

  await panel.composer.fill(`${'My garden is on a slope. '.repeat(656)} What now?`);
  await expect(panel.problem).not.toBeEmpty();
  await look('too-long');
  await panel.composer.fill('');

  await page.context().setOffline(true);
  await expect(panel.trouble).not.toBeEmpty();
  await panel.send('Can you hear me?');
  await expect(panel.message('Can you hear me?')).toHaveClass(/sending/);
  await look('offline');
  await page.context().setOffline(false);
  await expect(panel.message('Can you hear me?')).toHaveClass(/read/);

  for (let n = 1; n <= 40; n += 1) await api.send(`Tree number ${n} has ${n * 3} apples.`);
  await expect(panel.text(/^Tree number 40 /)).toBeInViewport();
  // A turn of the wheel while the list is being filled is lost; a visitor turns it again.
  await expect(async () => {
    await panel.scroll(-1200);
    await expect(panel.jumpButton).toBeVisible({ timeout: 500 });
  }).toPass();
  await api.send('What will I need?');
  await expect(panel.jumpButton).toHaveAccessibleName(/[3٣]/);
  await look('history');
}
