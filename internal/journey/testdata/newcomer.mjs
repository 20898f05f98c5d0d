// A newcomer's whole road on one system's site: the invitation, a password, signing
// out and in, a key, and Try It on a page of the reference.
export default async ({ page, args, assert, tell }) => {
  const at = (path) => args.site + path;
  await page.goto(args.invitation);
  assert.ok(!page.url().includes('token'), 'the link\'s token stays in the address');
  await page.getByLabel('Your name').fill('A Newcomer');
  await page.getByLabel('Password').fill(args.password);
  await page.getByRole('button', { name: 'Accept the invitation' }).click();
  await page.waitForURL((u) => !u.pathname.includes('invitation'));

  // Out, and in again.
  await page.goto(at('/account'));
  await page.locator('form[action="/account/sign-out"] button').first().evaluate((b) => b.closest('form').requestSubmit());
  await page.waitForURL(/sign-in/);
  await page.goto(at('/account/sign-in'));
  await page.getByLabel('E-mail address').fill(args.email);
  await page.getByLabel('Password').fill(args.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((u) => !u.pathname.includes('sign-in'));

  // A key.
  await page.goto(at('/account/keys/new'));
  for (const [label, value] of Object.entries(args.fields)) await page.getByLabel(label, { exact: false }).first().fill(value);
  if (args.environment) await page.getByLabel(args.environment).check();
  await page.getByRole('button', { name: /^(Create key|Generate New Key|Generate key and secret)$/i }).click();
  await page.getByText(/shown this once|Copy them now|Copy both now/).first().waitFor();
  const values = await page.locator('code[id^="value-"]').allTextContents();
  assert.ok(values.length === (args.pair ? 2 : 1), `the page shows ${values.length} values`);
  await page.getByRole('link', { name: /^I have stored/ }).click();
  for (const v of values) assert.ok(!(await page.content()).includes(v) || args.keyStays, 'a secret is shown again');

  // Try It.
  await page.goto(at(args.reference));
  await page.locator('#try-key').fill(values[0]);
  if (args.pair) await page.locator('#try-secret').fill(values[1]);
  await page.locator('#try-send').click();
  await page.waitForFunction(() => /^\d{3}/.test(document.getElementById('try-status').textContent));
  const status = await page.locator('#try-status').textContent();
  assert.match(status, /^2\d\d/, `Try It answers ${status}: ${await page.locator('#try-answer').textContent()}`);

  // A key for an hour, where there are such.
  if (args.testKeys) {
    await page.reload();
    await page.locator('#try-test-key').click();
    await page.waitForFunction(() => document.getElementById('try-key').value.length > 20);
    await page.locator('#try-send').click();
    await page.waitForFunction(() => /^\d{3}/.test(document.getElementById('try-status').textContent));
    assert.match(await page.locator('#try-status').textContent(), /^2\d\d/);
  }
  tell(`${args.site}: ${status}`);
  return values;
};
