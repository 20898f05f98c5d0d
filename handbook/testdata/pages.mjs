// Looks at pages of every system, tries an operation, and opens the interactive reference.
export default async ({ page, open, args, assert, axe, looks, requests, shot }) => {
  await page.goto(args.site + args.operation);
  assert.equal(await page.locator('.samples .code:visible').count(), 1);
  await page.getByRole('radio', { name: 'Python' }).first().check();
  assert.match(await page.locator('.samples .code:visible').textContent(), /urllib/);
  await page.locator('#try-key').fill(args.key);
  if (args.secret) await page.locator('#try-secret').fill(args.secret);
  await page.locator('#try-send').click();
  await page.waitForFunction(() => /^\d/.test(document.getElementById('try-status').textContent), null, { timeout: 10000 });
  assert.match(await page.locator('#try-status').textContent(), /^2/);
  await axe();
  if (args.look) {
    for (const path of ['/', '/authentication', '/learn', '/reference', args.operation, '/search?q=key']) {
      await page.goto(args.site + path);
      await looks(path.replace(/\W+/g, '-'), page);
    }
    const plain = await open({ javaScript: false });
    await plain.goto(args.site + args.operation);
    assert.equal(await plain.locator('.samples .code:visible').count(), 1);
    assert.equal(await plain.locator('#try-form').isVisible(), false);
  }
  await page.goto(args.site + '/try');
  await page.locator('.scalar-app').first().waitFor({ timeout: 30000 });
  await page.waitForLoadState('networkidle');
  await shot('try', page);
  const hosts = [...new Set(requests.map((r) => new URL(r.url)).filter((u) => u.protocol.startsWith('http')).map((u) => u.host))];
  for (const h of hosts) assert.ok(args.hosts.includes(h), 'a request to ' + h);
};
