// Opens the page of examples/apps/websocket in a real browser, through the router, and holds it to what it must show.
//   node websocket.mjs ADDRESS HOST SCREENSHOTS
import { chromium } from 'playwright-core';

const [address, host, screenshots] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', `--host-resolver-rules=MAP ${host} ${address}`],
});
let failed = false;
function check(what, is, expected) {
  const ok = is === expected;
  failed ||= !ok;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: ${is}${ok ? '' : `, expected ${expected}`}`);
}

for (const [scheme, protocol, handshake] of [['http', 'http/1.1', 101], ['https', 'h2', 200]]) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const protocols = await context.newCDPSession(page);
  await protocols.send('Network.enable');
  const answered = new Promise((resolve) => protocols.on('Network.webSocketHandshakeResponseReceived', resolve));
  await page.goto(`${scheme}://${host}/`);
  await page.locator('#echo', { hasText: 'characters' }).waitFor({ timeout: 10000 });
  check(`${scheme} page`, await page.locator('#protocol').textContent(), protocol);
  check(`${scheme} echo`, await page.locator('#echo').textContent(), 'hello and 70007 characters');
  // RFC 8441, section 5: over HTTP/2 it is a CONNECT, which is answered with 200
  check(`${scheme} WebSocket's status`, (await answered).response.status, handshake);
  for (const [name, width, height] of [['desktop', 1280, 800], ['phone', 390, 844]]) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `${screenshots}/${scheme}-${name}.png` });
  }
  await context.close();
}
await browser.close();
process.exit(failed ? 1 : 0);
