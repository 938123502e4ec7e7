// A service of one's own, with its data in a folder of its own, and a network
// between it and the browser that can be cut.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = process.env.KIVEILEDER_BIN;
if (!bin) { console.error('KIVEILEDER_BIN is not set'); process.exit(1); }

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// freePort gives a port to listen on again after a restart: one below those
// that the system gives to clients, who may take it meanwhile.
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const s = net.createServer();
    const free = await new Promise((done) => { s.once('error', () => done(false)); s.listen(port, '127.0.0.1', () => done(true)); });
    if (!free) continue;
    await new Promise((done) => s.close(done));
    return port;
  }
}

// service runs the program on a data folder and a port of its own.
export async function service() {
  const data = mkdtempSync(join(tmpdir(), 'kiveileder-'));
  const port = await freePort();
  let child = null;
  const s = { port, said: '' }; // on standard output: links to sign in with
  s.up = async () => {
    child = spawn(bin, ['serve', '--addr', `127.0.0.1:${port}`, '--data', data, '--rate-limit', '0', '--log-level', 'error'], { stdio: ['ignore', 'pipe', 'inherit'] });
    s.said = '';
    child.stdout.on('data', (b) => { s.said += b; });
    for (let n = 0; n < 200; n++) {
      if (await fetch(`http://127.0.0.1:${port}/readyz`).then((r) => r.ok, () => false)) return;
      await pause(50);
    }
    throw new Error('the service does not start');
  };
  s.kill = async (signal) => {
    if (!child) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
    child = null;
  };
  s.close = async () => { await s.kill('SIGTERM'); rmSync(data, { recursive: true }); };
  await s.up();
  return s;
}

// network stands between the browser and the service. sockets says what
// happens to WebSockets: pass, refuse (403), hang, cut.
export async function network(to) {
  const n = { up: true, sockets: 'pass', hold: false, lines: new Set() };
  const server = net.createServer((client) => {
    if (!n.up) { client.resetAndDestroy(); return; }
    client.on('error', () => {});
    let upstream = null;
    const end = () => { client.destroy(); upstream?.destroy(); n.lines.delete(end); };
    n.lines.add(end);
    client.on('close', end);
    client.on('data', (chunk) => {
      if (/^GET \/v1\/chat /.test(chunk.toString('latin1', 0, 20)) && n.sockets !== 'pass') {
        if (n.sockets === 'refuse') client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        if (n.sockets === 'cut') client.resetAndDestroy();
        return; // hang: nothing ever comes
      }
      if (!upstream) {
        upstream = net.connect(to, '127.0.0.1');
        upstream.on('error', end);
        upstream.on('close', end);
        upstream.on('data', (b) => { if (!n.hold) client.write(b); }); // held: the answer never arrives
      }
      upstream.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  n.base = `http://127.0.0.1:${server.address().port}`;
  n.cut = () => { n.up = false; for (const end of [...n.lines]) end(); };
  n.mend = () => { n.up = true; n.hold = false; };
  n.close = () => { n.cut(); server.close(); };
  return n;
}
