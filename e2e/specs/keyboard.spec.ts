import { expect, test } from '../fixtures.ts';
import { bytes, png } from '../support/files.ts';

test('a visitor can chat with nothing but the keyboard', async ({ host, page }) => {
  await host.goto('second');
  await expect(host.launcher).toBeVisible();
  const { panel } = host;

  await test.step('Tab reaches the launcher after the page, Enter opens, and the composer has the focus', async () => {
    await page.getByRole('searchbox').focus();
    await page.keyboard.press('Tab');
    await expect(host.launcher).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(panel.composer).toBeFocused();
    await expect(host.launcher).toHaveAttribute('aria-expanded', 'true');
  });

  await test.step('Shift+Enter breaks the line, Enter sends', async () => {
    await page.keyboard.type('First line');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('second line');
    await expect(panel.composer).toHaveValue('First line\nsecond line');
    await page.keyboard.press('Enter');
    await expect(panel.composer).toHaveValue('');
    await expect(panel.composer).toBeFocused();
    await expect(panel.conversation.getByText(/First line\s+second line/).first()).toBeVisible();
    await panel.expectGreeting();
  });

  await test.step('Escape closes, and the focus is back on the launcher', async () => {
    await page.keyboard.press('Escape');
    await expect(host.frame).toBeHidden();
    await expect(host.launcher).toBeFocused();
    await expect(host.launcher).toHaveAttribute('aria-expanded', 'false');
  });

  await test.step('Escape on the launcher closes as well', async () => {
    await page.keyboard.press('Space');
    await expect(panel.composer).toBeFocused();
    await page.keyboard.press('Shift+Tab');
    await expect(async () => {
      await page.keyboard.press('Shift+Tab');
      await expect(host.launcher).toBeFocused({ timeout: 200 });
    }).toPass();
    await page.keyboard.press('Escape');
    await expect(host.frame).toBeHidden();
    await expect(host.launcher).toBeFocused();
  });
});

test('Enter in the middle of an IME composition does not send', async ({ host }) => {
  await host.goto();
  await host.open();
  const { composer, text } = { composer: host.panel.composer, text: host.panel.text('にほん') };
  await composer.fill('にほん');
  await composer.dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true });
  // Safari ends the composition before the key; it says so by the key code alone.
  await composer.dispatchEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true });
  await expect(composer).toHaveValue('にほん');
  await expect(text).toHaveCount(0);
  await composer.press('Enter');
  await expect(composer).toHaveValue('');
  await expect(text).toBeVisible();
});

test('an empty message is not sent', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.composer.fill('  \n ');
  await panel.composer.press('Enter');
  await panel.composer.fill('Hello there');
  await panel.composer.press('Enter');
  await panel.expectGreeting();
  await expect(panel.conversation.getByText(/Sent|Delivered|Read/)).toHaveCount(1);
});

test('a closed panel takes no focus from anybody', async ({ host, page }) => {
  await host.goto('second');
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.send('slow');
  await host.panel.closeButton.click();

  await page.getByRole('searchbox').focus();
  await expect(host.launcher).toHaveAccessibleName('Open chat, 1 unread message');
  await page.keyboard.type('roses');
  await expect(page.getByRole('searchbox')).toHaveValue('roses');
  await page.keyboard.press('Tab');
  await expect(host.launcher).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(host.frame).not.toBeFocused();
});

test('the send button sends what is in the composer', async ({ host }) => {
  await host.goto();
  await host.open();
  await host.panel.composer.fill('Hello there');
  await host.panel.sendButton.click();
  await expect(host.panel.text('Hello there')).toBeVisible();
  await expect(host.panel.composer).toHaveValue('');
  await expect(host.panel.composer).toBeFocused();
  await host.panel.expectGreeting();
});

test('Tab reaches everything in the order in which it stands, shows where it is, and leads out again', async ({
  host,
  page,
}) => {
  await host.goto('second');
  await host.open();
  const { panel } = host;
  await panel.attach(png('sunset.png', 80, 60), bytes('Invoice.pdf', 2_000));
  await panel.expectAttached('sunset.png');
  await panel.expectAttached('Invoice.pdf');
  await panel.send('See https://example.com/roses');
  await panel.expectGreeting();
  const refusal = { code: 'invalid_fields', message: 'No.', fields: [{ field: 'content', problem: 'no' }] };
  await page.route(
    '**/widget/v1/conversations/*/messages/*',
    (route) => route.fulfill({ status: 422, json: { error: refusal } }),
    { times: 1 },
  );
  await panel.send('Refused');
  await panel.expectState('Refused', 'Not sent');
  await page.route('**/widget/v1/attachments**', (route) => route.abort('connectionreset'), { times: 1 });
  await panel.attach(bytes('notes.txt', 300));
  await expect(panel.chip('notes.txt')).toContainText('failed');

  const frame = page.frames().find((frame) => frame.url().includes('/panel/'))!;
  const reached: string[] = [];
  await panel.closeButton.focus();
  while (await frame.evaluate(() => document.hasFocus())) {
    const { name, isSeen } = await frame.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const style = getComputedStyle(element);
      // The field's own sign is around the whole composer.
      const shown = element.id === 'field' ? getComputedStyle(element.closest('form')!).boxShadow : style.outlineStyle;
      const name = element.ariaLabel ?? element.querySelector('img')?.alt ?? element.innerText;
      return { name: name.replace(/\s+/g, ' ').trim(), isSeen: shown !== 'none' && element.checkVisibility() };
    });
    expect(isSeen, name).toBe(true);
    reached.push(name);
    expect(reached.length).toBeLessThan(20);
    await page.keyboard.press('Tab');
  }
  expect(reached).toEqual([
    'Close chat',
    'Conversation',
    'https://example.com/roses',
    'sunset.png',
    expect.stringContaining('Invoice.pdf'),
    expect.stringContaining('https://example.com/roses'),
    'Try again',
    'Delete',
    'Try notes.txt again',
    'Remove notes.txt',
    'Attach files',
    'Message',
    'Emoji',
    'Send',
  ]);
});
