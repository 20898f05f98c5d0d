// Package webtest drives a real Chromium from Go tests, through playwright-core. It
// never lets a browser talk to anything but this machine, and a test fails when a
// page tries to.
//
// A test hands Run the path of a module, whose default export is called with
// everything that it needs:
//
//		export default async ({ page, args, assert, axe, shot }) => {
//		  await page.goto(args.site + '/account/sign-in');
//		  await axe();
//		  return page.title(); // what Run returns, as JSON
//		};
//
//	  - page, context, browser: playwright's own; JavaScript on, light, 1280×800.
//	  - open({javaScript, colorScheme, width, height, storage, timezone, touch}): a page in a context of
//	    its own (cookies are not shared), watched like the first. storage is another
//	    context's storageState(), to be signed in from the start.
//	  - args: what the test gave, by way of JSON.
//	  - assert: node:assert/strict.
//	  - axe(page, {disable: [rules]}): runs axe-core with the rules of WCAG 2.0 to 2.2,
//	    A and AA, and its best practices; fails with what is wrong and where.
//	  - shot(name, page): keeps a screenshot of the whole page.
//	  - light(page): the page and all that it loads stay under 100 KB, and nothing moves
//	    while it loads.
//	  - looks(name, page): light for pages of an account, axe, a screenshot, and that nothing is wider than the screen, at
//	    390, 820 and 1440 pixels, light and dark.
//	  - passkeys(page): a virtual authenticator, which answers WebAuthn at once; its
//	    present(false) makes the person go away.
//	  - requests: every request so far, as {method, url, referrer}.
//	  - tell(text): a line in the test's log.
//
// Every request of every page is recorded; one to a host that is neither loopback,
// *.localhost nor allowed by Hosts fails the test, and cannot leave the machine in
// the first place, since no other name resolves. So does an error in a console,
// which is where Chromium reports what a page's Content-Security-Policy stopped,
// and an exception that a page did not catch; Expect lists those that are meant to
// happen. That a page answers 4xx when it is navigated to is no such error.
//
// What has to be there: Node.js, Chromium (/usr/bin/chromium, or
// $KEYWRIGHT_TEST_CHROMIUM), and the npm packages playwright-core and axe-core in
// the node_modules of $KEYWRIGHT_TEST_NODE (~/.cache/keywright-tools/node unless
// set). A test that misses one fails and says so. Screenshots go to
// $KEYWRIGHT_TEST_SHOTS, in a folder per test, or else nowhere that lasts.
package webtest
