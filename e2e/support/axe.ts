import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Everything axe knows, in the page and in the panel's frame; or only the rules named. */
export async function expectNothingFound(page: Page, rules?: string[]): Promise<void> {
  const axe = new AxeBuilder({ page });
  // Behind what is modal nothing counts, so there may be neither a landmark nor a heading: a dialogue of the panel's, or on a phone
  // the panel itself.
  const modals = await Promise.all(page.frames().map((frame) => frame.locator('dialog:modal, body[inert]').count()));
  if (modals.some((count) => count > 0)) axe.disableRules(['landmark-one-main', 'page-has-heading-one']);
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }));
  expect(found).toEqual([]);
}
