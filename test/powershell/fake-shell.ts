import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * A shell that speaks the worker's frames and misbehaves on demand: FAKE_SHELL says how it starts, the
 * name of the command how it goes on.
 */
const { FAKE_SHELL: way, SESSION_CHANNEL: channel = '', SESSION_TOKEN: token = '' } = process.env;

function keepChild(): void {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  say({ type: 'item', id: current, rows: [{ Shell: process.pid, Child: child.pid ?? 0 }] });
  finish();
}

const COMMANDS: Readonly<Record<string, () => void>> = {
  'Get-Done': () => finish(),
  'Send-Garbage': () => socket.write('no frame\n'),
  'Send-Half': () => socket.write('{"v":1,"type":"res', () => process.exit(7)),
  'Send-Foreign': () =>
    say({ type: 'result', id: 999, warnings: [], errors: [], cancelled: false }),
  'Send-Long': () => socket.write(Buffer.alloc(17 * 1024 * 1024, 'a')),
  'Send-Greeting': () => greet(token),
  'Close-Socket': () => socket.end(),
  'Stop-Shell': () => process.kill(process.pid, 'SIGKILL'),
  'Suspend-Shell': () => process.kill(process.pid, 'SIGSTOP'),
  'Wait-Forever': () => undefined,
  'Start-Child': keepChild,
  'Write-Flood': () => {
    process.stdout.write('x'.repeat(60 * 1024 * 1024), finish);
  },
  'Set-Then-Stop': () => {
    writeFileSync(process.env['FAKE_EFFECT'] ?? '', 'done');
    process.kill(process.pid, 'SIGKILL');
  },
  'Send-Endless': () => {
    const rows = Array.from({ length: 50_000 }, () => ({}));
    for (let frame = 0; frame < 5; frame += 1) {
      say({ type: 'item', id: current, rows });
    }
  },
  'Get-Cursor': () => {
    process.stdin.once('data', (answer) => {
      say({ type: 'item', id: current, rows: [{ Answer: answer.toString('latin1') }] });
      finish();
    });
    process.stdin.setRawMode(true);
    process.stdout.write('\x1b[6n');
  },
};

const isDeaf = way === 'deaf';
process.on('SIGINT', () => isDeaf || process.exit(130));
process.on('SIGHUP', () => isDeaf || process.exit(129));

let current = 0;
if (way === 'crash') {
  console.log('\x1b[31mthe module is broken\x1b[0m');
  process.exit(3);
}
const socket = connect(channel);
let received = '';
socket.on('error', () => process.exit(1));
socket.on('close', () => isDeaf || process.exit(0));
socket.on('connect', () => {
  if (way !== 'mute') {
    const proof = way === 'impostor' ? 'f'.repeat(token.length) : token;
    setTimeout(() => greet(proof), way === 'slow' ? 500 : 0);
  }
});
socket.on('data', (bytes) => {
  const lines = (received + bytes.toString()).split('\n');
  received = lines.pop() ?? '';
  for (const line of lines) {
    obey(JSON.parse(line));
  }
});
// A deaf shell lives until it is killed.
setInterval(() => undefined, 60_000);

function obey(frame: { type: string; id: number; command: string }): void {
  switch (frame.type) {
    case 'exit':
      if (!isDeaf) {
        process.exit(0);
      }
      return;
    case 'prepare':
      current = frame.id;
      finish();
      return;
    case 'run':
      current = frame.id;
      COMMANDS[frame.command]?.();
      return;
  }
}

function greet(proof: string): void {
  say({ type: 'hello', token: proof, pid: process.pid, engine: 'fake', engineVersion: '0' });
}

function finish(): void {
  say({ type: 'result', id: current, warnings: [], errors: [], cancelled: false });
}

function say(frame: object): void {
  socket.write(`${JSON.stringify({ v: 1, ...frame })}\n`);
}
