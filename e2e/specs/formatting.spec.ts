import { expect, test } from '../fixtures.ts';
import { Agent } from '../support/agent.ts';

test.use({ mockScript: 'quiet.toml' });

test("an agent's bold, italic, code, lists and quotes are shown as such, with links that work", async ({ host, server }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello');
  await panel.expectStored('Hello');
  const robin = await Agent.create(server, 'Robin');
  const conversation = await robin.conversation();
  await robin.say(
    conversation,
    'Do **this** _first_:\n\n1. open https://example.com/a_b_c\n2. run `cargo xtask serve`\n\n> as *you* said\n\n```\nlet a = 2 * b;\n```',
  );
  const message = panel.messages.last();
  await expect(message.locator('strong')).toHaveText('this');
  await expect(message.locator('em')).toHaveText(['first', 'you']);
  await expect(message.getByRole('list').getByRole('listitem')).toHaveText([
    'open https://example.com/a_b_c',
    'run cargo xtask serve',
  ]);
  await expect(message.getByRole('link')).toHaveAttribute('href', 'https://example.com/a_b_c');
  await expect(message.locator('code')).toHaveText('cargo xtask serve');
  await expect(message.getByRole('blockquote')).toHaveText('as you said');
  await expect(message.locator('pre')).toHaveText('let a = 2 * b;');
});

test('what was not meant as a mark stays as it was written', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  for (const text of ['snake_case_name', '2*3*4', 'yes - no', '- alone', '¯\\_(ツ)_/¯', '**open']) {
    await panel.send(text);
    await panel.expectStored(text);
    await expect(panel.message(text).locator('.text > *')).toHaveCount(0);
  }
});
