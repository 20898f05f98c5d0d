// One newcomer's way from the link of an invitation to a key, with or without
// scripts; with them, every page is looked at on the way.
export default async ({ open, args, assert, looks, passkeys, requests, axe }) => {
  const script = args.script;
  const page = await open({ javaScript: script, width: 820, height: 1180 });
  const look = async (name) => { if (script && args.look) await looks(name, page); };
  const press = async (name, role = 'button') => {
    if (name === 'Sign out') await page.locator('[data-profile]').hover();
    await page.getByRole(role, { name, exact: true }).locator('visible=true').first().click();
  };

  await page.goto(args.site + '/account/keys');
  assert.match(page.url(), /\/account\/sign-in\?next=/);
  await look('sign-in');
  await page.getByLabel('E-mail address').fill('nobody@example.com');
  await page.getByLabel('Password', { exact: true }).fill('not a password of anybody');
  await press('Sign in');
  await page.getByRole('alert').first().waitFor();
  await look('sign-in-refused');

  await page.goto(args.site + '/account/invitation?token=' + args.token);
  assert.equal(new URL(page.url()).search, '');
  await look('invitation');
  await page.getByLabel('Your name').fill('Grace H.');
  await page.getByLabel('Password', { exact: true }).fill(args.password);
  await press('Accept the invitation');
  await page.getByText('Welcome, Grace H.').waitFor();
  await look('home');

  await press('API keys', 'link');
  await look('keys-none');
  await press('Create key', 'link');
  await look('new-key');
  await page.getByLabel('Name', { exact: true }).fill('My first key');
  await page.getByLabel('Testing').check();
  assert.ok(await page.getByLabel('Production').isDisabled());
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText('shown this once').waitFor();
  const key = await page.locator('#value-0').textContent();
  assert.match(key, /^dt_test_[0-9A-Za-z]{46}$/);
  assert.equal(await page.getByRole('button', { name: 'Copy API key' }).count(), script ? 1 : 0);
  await look('shown');

  // Reloading sends the form again; the key is not shown, nor another made.
  await page.reload();
  await page.getByRole('heading', { name: 'This was done already' }).waitFor();
  assert.ok(!(await page.content()).includes(key));
  await look('replayed');
  await page.goBack();
  assert.ok(!(await page.content()).includes(key));
  await page.goto(args.site + '/account/keys');
  assert.equal(await page.locator('table.list tbody tr').count(), 1);
  await look('keys');
  await press('My first key', 'link');
  await look('key');
  for (const act of ['Rotate', 'Pause', 'Revoke', 'Delete']) {
    await press(act, 'link');
    await look('key-' + act.toLowerCase());
    await press('Go back', 'link');
  }
  await press('Rotate', 'link');
  await press('Rotate the key');
  await page.getByText('shown this once').waitFor();
  await look('rotated');
  await press('I have stored it', 'link');
  await press('Revoke', 'link');
  await page.getByLabel('To go on, type the name').fill('My first key');
  await press('Revoke the key');
  await page.getByRole('status').first().waitFor();
  await look('keys-over');

  await press('Settings', 'link');
  await look('settings');
  await press('Members', 'link');
  await page.getByLabel('Their e-mail address').fill('ada2@example.com');
  await press('Make the invitation');
  await page.getByText('shown this once').waitFor();
  await look('invited');
  await press('I have copied it', 'link');
  await look('members');
  await press('Sessions', 'link');
  await look('sessions');
  await page.goto(args.site + '/account/password');
  await look('password');
  await page.goto(args.site + '/account/nothing');
  await look('no-such-page');

  await press('Settings', 'link');
  await press('Passkeys', 'link');
  if (script) {
    await passkeys(page);
    await look('passkeys-none');
    await page.getByLabel('What it is called').fill('Laptop');
    await press('Add a passkey');
    await page.getByRole('heading', { name: 'Laptop' }).waitFor();
    await look('passkeys');
    await press('Sign out');
    await press('A passkey');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await page.goto(args.site + '/account/proof?next=/account/keys'); // fresh, so passed over
    assert.match(page.url(), /\/account\/keys$/);
  } else {
    assert.equal(await page.locator('noscript').count(), 1);
    assert.equal(await page.getByRole('button', { name: 'Add a passkey' }).count(), 0);
  }
  await press('Sign out');
  await page.getByText('You are signed out.').waitFor();
  for (const r of requests) {
    assert.ok(!r.referrer.includes(args.token) && !r.url.includes(key), r.url);
    assert.ok(!r.url.includes(args.token) || r.url.startsWith(args.site + '/account/invitation?token='), r.url);
  }
};
