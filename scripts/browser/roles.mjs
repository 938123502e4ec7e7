// The service as it runs in production: a retriever, two services and two
// gateways over a Postgres and a Redis, a balancer before the gateways, a mail
// server, and an OpenID provider where people sign in. Without a Postgres it is
// one process with all the rest.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { patience, pause } from './harness.mjs';

const bin = process.env.KIVEILEDER_BIN;
if (!bin) { console.error('KIVEILEDER_BIN is not set'); process.exit(1); }

const root = resolve(import.meta.dirname, '../..');
const plain = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('KIVEILEDER_')));
const secret = () => randomBytes(24).toString('hex');

export const far = Boolean(process.env.KIVEILEDER_TEST_POSTGRES && process.env.KIVEILEDER_TEST_REDIS);

// until waits until what is asked gives something.
export async function until(what, ask, ms = patience) {
  for (const end = Date.now() + ms; Date.now() < end;) {
    const got = await ask();
    if (got) return got;
    await pause(20);
  }
  throw new Error(`waited ${ms / 1000} s for ${what}`);
}

// whatever ends this ends what it started
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

// line starts a program and gives the first line that fits.
function line(command, args, options, fits) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  process.once('exit', () => child.kill());
  const gone = new Promise((done) => child.once('exit', done));
  const said = new Promise((done, fail) => {
    let all = '';
    child.stdout.on('data', (b) => {
      all += b;
      const found = all.includes('\n') && fits.exec(all);
      if (found) done(found[0]);
    });
    child.once('error', fail);
    gone.then((code) => fail(new Error(`${command} ${args[0] ?? ''} ended with ${code}`)));
  });
  return { child, gone, said };
}

// balancer is the one address that browsers know. Sockets of the chat go to the
// last gateway and what lawyers do to the first, so that all news must cross;
// the rest goes in turn.
async function balancer() {
  const b = { to: [] };
  let turn = 0;
  const pick = (req) => {
    if (req.url.startsWith('/v1/chat')) return b.to.at(-1);
    if (req.method !== 'GET' && req.url.startsWith('/v1/cases')) return b.to[0];
    return b.to[turn++ % b.to.length];
  };
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((req, res) => {
    const up = http.request(`${pick(req)}${req.url}`, { method: req.method, headers: req.headers, agent }, (answer) => {
      res.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(res);
    });
    up.on('error', () => res.destroy());
    res.on('close', () => up.destroy());
    req.pipe(up);
  });
  const lines = new Set();
  server.on('upgrade', (req, client, head) => {
    const up = net.connect(new URL(pick(req)).port, '127.0.0.1');
    const end = () => { client.destroy(); up.destroy(); lines.delete(end); };
    lines.add(end);
    for (const s of [client, up]) { s.setNoDelay(true); s.on('error', end); s.on('close', end); }
    const headers = req.rawHeaders.map((x, i) => (i % 2 ? `${x}\r\n` : `${x}: `)).join('');
    up.write(`${req.method} ${req.url} HTTP/1.1\r\n${headers}\r\n`);
    up.write(head);
    client.pipe(up).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  b.origin = `http://127.0.0.1:${server.address().port}`;
  b.close = () => { for (const end of [...lines]) end(); agent.destroy(); server.close(); server.closeAllConnections(); };
  return b;
}

// headersOf gives a mail's headers, in small letters, and its text.
export function headersOf(raw) {
  const [top] = raw.split('\r\n\r\n', 1);
  const headers = {};
  for (const [, name, value] of top.replace(/\r\n[ \t]+/g, ' ').matchAll(/^([^:\r\n]+): *(.*)$/gm)) headers[name.toLowerCase()] ??= value.trim();
  return headers;
}

// words gives the readable text of a mail, whose parts are quoted-printable.
export const words = (raw) => Buffer.from(raw.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, x) => String.fromCharCode(parseInt(x, 16))), 'latin1').toString('utf8');

// mailbox is a mail server that keeps what it gets.
async function mailbox() {
  const box = { mails: [] };
  const server = new SMTPServer({
    authOptional: true, disabledCommands: ['AUTH', 'STARTTLS'], disableReverseLookup: true, logger: false,
    onData(stream, session, done) {
      const chunks = [];
      stream.on('data', (c) => chunks.push(c));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('latin1');
        box.mails.push({ raw, headers: headersOf(raw), from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((x) => x.address) });
        done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  box.url = `smtp://127.0.0.1:${server.server.address().port}?tls=none`;
  box.close = () => new Promise((done) => server.close(done));
  return box;
}

// provider starts the OpenID provider of the tests of gateway/login.
async function provider(origin, people) {
  const cwd = join(root, 'gateway/login/testdata/provider');
  if (!existsSync(join(cwd, 'node_modules/.package-lock.json'))) {
    await promisify(execFile)('npm', ['ci', '--silent', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd });
  }
  const password = secret();
  // by way of PEM: Node 20 can hang when a key that it has just made is exported as JWK
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }).privateKey;
  const settings = {
    clients: [{
      client_id: 'desk', client_secret: password, token_endpoint_auth_method: 'client_secret_basic', grant_types: ['authorization_code'], response_types: ['code'],
      redirect_uris: [`${origin}/login/callback/staff`], post_logout_redirect_uris: [`${origin}/`],
      backchannel_logout_uri: `${origin}/login/backchannel/staff`, backchannel_logout_session_required: true,
    }],
    key: { ...createPrivateKey(pem).export({ format: 'jwk' }), kid: 'first', alg: 'RS256', use: 'sig' },
    people,
  };
  const p = line('node', ['server.mjs', JSON.stringify(settings)], { cwd, env: plain }, /http\S+/);
  return { issuer: await p.said, password, close: async () => { p.child.stdin.end(); await p.gone; } };
}

// world starts all of it. People are who can sign in, by their name at the
// provider.
export async function world(people) {
  const w = { closing: [] };
  w.close = async () => { for (const close of w.closing.splice(0).reverse()) await close(); };
  try {
    await begin(w, people);
  } catch (err) {
    await w.close();
    throw err;
  }
  return w;
}

async function begin(w, people) {
  const dir = mkdtempSync(join(tmpdir(), 'kiveileder-three-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const front = await balancer();
  w.closing.push(front.close);
  w.origin = front.origin;
  w.box = await mailbox();
  w.closing.push(w.box.close);
  const op = await provider(w.origin, Object.fromEntries(Object.entries(people).map(([k, p]) => [k, { name: p.name, groups: [`jurist-${p.agency}`], acr: 'high' }])));
  w.closing.push(op.close);
  w.issuer = op.issuer;
  const agencies = [...new Set(Object.values(people).map((p) => p.agency))];
  writeFileSync(join(dir, 'staff.secret'), op.password);
  writeFileSync(join(dir, 'login.json'), JSON.stringify([{ // JSON is YAML
    provider: 'staff', preset: 'plain', label: 'Etatene', issuer: op.issuer, client_id: 'desk', client_auth: 'client_secret_basic', acr_values: ['high'], require: { acr: ['high'] },
    name: ['name'], grants: agencies.map((agency) => ({ when: { groups: [`jurist-${agency}`] }, agency, roles: ['asker', 'lawyer'] })),
  }]));
  w.hook = secret();
  const env = {
    ...plain, KIVEILEDER_RATE_LIMIT: '0', KIVEILEDER_LOG_LEVEL: 'error', KIVEILEDER_SECRET: secret(), KIVEILEDER_ROLE_TOKEN: secret(), KIVEILEDER_ORIGIN: w.origin,
    KIVEILEDER_LOGIN: join(dir, 'login.json'), KIVEILEDER_LOGIN_SECRETS: dir, KIVEILEDER_CASE_KEY: secret(), KIVEILEDER_SMTP_URL: w.box.url,
    KIVEILEDER_MAIL_FROM: 'ki.veiledning <ki@example.no>', KIVEILEDER_MAIL_REPLY: 'svar@example.no', KIVEILEDER_MAIL_HOOK: w.hook,
  };
  let n = 0;
  const role = async (name, more = {}) => {
    const r = line(bin, [name], { env: { ...env, ...more, KIVEILEDER_ADDR: '127.0.0.1:0', KIVEILEDER_DATA: join(dir, `${name}-${++n}`) } }, /http:\/\/\S+/);
    w.closing.push(async () => {
      const late = setTimeout(() => r.child.kill('SIGKILL'), 5000);
      r.child.kill('SIGTERM');
      await r.gone;
      clearTimeout(late);
    });
    return r.said;
  };
  let all;
  if (far) {
    const helper = join(dir, 'database');
    execFileSync('go', ['build', '-o', helper, './scripts/browser/database'], { cwd: root, stdio: 'inherit' });
    const d = line(helper, [], {}, /\{.*\}/);
    w.closing.push(async () => { d.child.stdin.end(); await d.gone; });
    Object.assign(env, JSON.parse(await d.said));
    await promisify(execFile)(bin, ['migrate'], { env });
    const retriever = await role('retriever');
    const services = await Promise.all([1, 2].map(() => role('services', { KIVEILEDER_RETRIEVER_URL: retriever })));
    front.to = await Promise.all([1, 2].map(() => role('gateway', { KIVEILEDER_SERVICES_URL: services.join(',') })));
    all = [retriever, ...services, ...front.to];
  } else {
    front.to = [await role('serve')];
    all = front.to;
  }
  await Promise.all(all.map((url) => until(`${url} to be ready`, () => fetch(`${url}/readyz`).then((r) => r.ok, () => false))));
}

// handOver gives a mail to the service as a mail server would, signed.
export async function handOver(w, raw) {
  const t = Math.floor(Date.now() / 1000);
  const sum = createHmac('sha256', w.hook).update(`kiveileder mail hook\0${t}.`).update(raw).digest('hex');
  return fetch(`${w.origin}/v1/mail/inbound`, { method: 'POST', headers: { 'X-Kiveileder-Signature': `t=${t},v1=${sum}` }, body: raw });
}
