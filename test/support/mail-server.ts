import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { TLSSocket } from 'node:tls';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** What AUTH PLAIN was given, decoded: `\0user\0password`. */
  readonly logins: readonly string[];
  close(): Promise<void>;
}

export interface MailServerOptions {
  /** The one that opens; without it nobody needs to log in. */
  readonly password?: string;
  /** Offers STARTTLS with this certificate, and answers nothing in TLS. */
  readonly certificate?: { readonly pfx: Buffer; readonly password: string };
}

/** Speaks just enough SMTP (RFC 5321) for one mail after another. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const mails: Mail[] = [];
  const logins: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    void converse(socket, { mails, logins, ...options });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mails,
    logins,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) {
          socket.destroy();
        }
        server.close(() => resolve());
      }),
  };
}

interface Desk extends MailServerOptions {
  readonly mails: Mail[];
  readonly logins: string[];
}

async function converse(
  socket: Socket,
  { mails, logins, password, certificate }: Desk,
): Promise<void> {
  const say = (line: string) => socket.write(`${line}\r\n`);
  let from = '';
  let to: string[] = [];
  let data: string[] | undefined;
  say('220 test');
  for await (const line of createInterface({ input: socket })) {
    if (data !== undefined) {
      if (line === '.') {
        mails.push({ from, to, text: data.join('\n') });
        data = undefined;
        to = [];
        say('250 taken');
      } else {
        data.push(line);
      }
      continue;
    }
    const [verb = '', argument = ''] = /^(\S+)\s*(.*)$/.exec(line)?.slice(1) ?? [];
    switch (verb.toUpperCase()) {
      case 'EHLO':
        say(
          `250-test\r\n${password ? '250-AUTH PLAIN\r\n' : ''}${certificate ? '250-STARTTLS\r\n' : ''}250 HELP`,
        );
        break;
      case 'STARTTLS':
        say('220 go on');
        new TLSSocket(socket, {
          isServer: true,
          pfx: certificate?.pfx,
          passphrase: certificate?.password,
        }).on('error', () => socket.destroy());
        return;
      case 'AUTH': {
        const login = Buffer.from(argument.replace(/^PLAIN /, ''), 'base64').toString();
        logins.push(login);
        say(login.endsWith(`\0${password ?? ''}`) ? '235 welcome' : `535 not ${login}`);
        break;
      }
      case 'MAIL':
        from = argument;
        say('250 ok');
        break;
      case 'RCPT':
        to.push(argument);
        say('250 ok');
        break;
      case 'DATA':
        data = [];
        say('354 go on');
        break;
      case 'QUIT':
        say('221 bye');
        socket.end();
        break;
      default:
        say('500 unknown');
    }
  }
}
