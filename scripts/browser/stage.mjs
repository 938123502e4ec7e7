// A service of one's own, with its data in a folder of its own, and a network
// between it and the browser that can be cut.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patience, pause } from './harness.mjs';

const bin = process.env.KIVEILEDER_BIN;
if (!bin) { console.error('KIVEILEDER_BIN is not set'); process.exit(1); }

// service runs the program on a data folder of its own, and after a restart on
// another port: no other program can take a port that was never given back.
export async function service() {
  const data = mkdtempSync(join(tmpdir(), 'kiveileder-'));
  let child = null;
  const s = { port: 0, said: '' }; // said on standard output: links to sign in with
  s.up = async () => {
    const c = child = spawn(bin, ['serve', '--addr', '127.0.0.1:0', '--data', data, '--rate-limit', '0', '--log-level', 'error'], { stdio: ['ignore', 'pipe', 'inherit'] });
    s.said = '';
    c.stdout.on('data', (b) => { s.said += b; });
    for (const end = Date.now() + patience; Date.now() < end && c.exitCode === null;) {
      s.port = Number(/http:\/\/127\.0\.0\.1:(\d+)\S*\s/.exec(s.said)?.[1] ?? 0);
      if (s.port && await fetch(`http://127.0.0.1:${s.port}/readyz`).then((r) => r.ok, () => false)) return;
      await pause(30);
    }
    throw new Error('the service does not start');
  };
  s.kill = async (signal) => {
    if (!child) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
    child = null;
    s.port = 0; // another program may get it
  };
  s.close = async () => { await s.kill('SIGTERM'); rmSync(data, { recursive: true, force: true }); };
  process.once('exit', () => child?.kill('SIGKILL'));
  await s.up();
  return s;
}

// network stands between the browser and the service, whose port it asks for.
// sockets says what happens to WebSockets: pass, refuse (403), hang, cut. hold
// is for what the service says: true lets nothing of it arrive, and words
// nothing from the first that has them.
export async function network(port) {
  const n = { up: true, sockets: 'pass', hold: false, lines: new Set(), refused: 0 };
  const server = net.createServer((client) => {
    if (!n.up) { n.refused++; client.resetAndDestroy(); return; }
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
        upstream = net.connect(port(), '127.0.0.1');
        upstream.on('error', end);
        upstream.on('close', end);
        upstream.on('data', (b) => {
          if (typeof n.hold === 'string' && b.includes(n.hold)) n.hold = true;
          if (n.hold !== true) client.write(b);
        });
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
