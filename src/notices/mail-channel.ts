import { createTransport } from 'nodemailer';
import { type Channel, notDelivered } from './channel.ts';
import { plainText } from './notice.ts';

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls`: refused unless the server can; `tls`: from the first byte; `none`: in the clear. */
  readonly security: 'starttls' | 'tls' | 'none';
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  /** For each step of the talk with the server. */
  readonly timeoutMs: number;
}

/** Sends notices as plain mails, each over a connection of its own: they are rare. */
export function createMailChannel(settings: MailSettings): Channel {
  const { host, port, security, user, password, from, to, timeoutMs } = settings;
  return {
    name: 'mail',
    async send(notice, signal) {
      const transport = createTransport({
        host,
        port,
        secure: security === 'tls',
        requireTLS: security === 'starttls',
        ignoreTLS: security === 'none',
        ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const subject = `exo-bridge: ${notice.title}`;
      const sending = transport.sendMail({ from, to: [...to], subject, text: plainText(notice) });
      try {
        await orAborted(sending, signal);
      } catch (error) {
        throw notDelivered(`the mail server: ${reasonOf(error)}`);
      } finally {
        transport.close();
      }
    },
  };
}

/** The library cannot break off a talk; its time-outs end one that nobody waits for any more. */
async function orAborted(sending: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) {
    abort();
  }
  try {
    await Promise.race([sending, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The library's code and the server's number; its sentence may quote what was sent. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown';
  }
  const code = 'code' in error ? String(error.code) : error.name;
  return 'responseCode' in error ? `${code} ${String(error.responseCode)}` : code;
}
