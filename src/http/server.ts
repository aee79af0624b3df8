import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { codeOf, type ErrorCode, ServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { parseStrictJson } from './json.ts';
import { PROBLEM_TYPE, type Problem, problemFrom, problemOf } from './problem.ts';

export interface ServerLimits {
  /** For one client address. */
  readonly requestsPerMinute: number;
  /** Addresses of proxies whose X-Forwarded-For is believed; without one everybody behind it is one client. */
  readonly trustedProxies?: readonly string[];
}

export type OnAnswered = (route: string, status: number) => void;

const BODY_BYTES = 64 * 1024;
/** For headers and body to arrive; a handler gets as long again. */
const REQUEST_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 72_000;
/** A sweep asks Trelica for every workflow: it may take its time. */
const HANDLER_TIMEOUT_MS = 120_000;
const RETRY_AFTER_SECONDS = 10;
/** How long a stop waits for answers under way; then connections are cut, also silent ones. */
const CLOSE_WITHIN_MS = 5_000;

export type App = Awaited<ReturnType<typeof createServer>>;

/**
 * Fastify with everything that is not a route: limits, time-outs, strict JSON, one log line a request,
 * and a problem document wherever it can answer. Does not listen.
 */
export async function createServer(log: Logger, limits: ServerLimits, onAnswered?: OnAnswered) {
  const loggerInstance: FastifyBaseLogger = log;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Silence on the socket: must outlast the slowest request and its handler.
    connectionTimeout: 2 * REQUEST_TIMEOUT_MS + HANDLER_TIMEOUT_MS,
    http: { connectionsCheckingInterval: 1_000 },
    ...(limits.trustedProxies === undefined ? {} : { trustProxy: [...limits.trustedProxies] }),
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    handlerTimeout: HANDLER_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      sendProblem(reply as FastifyReply, problemFrom(error, request.id));
    },
    clientErrorHandler: answerParserError,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  readStrictJson(app);
  logRequests(app, onAnswered);
  refuseWhileClosing(app);
  await app.register(helmet);
  await app.register(rateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: '1 minute',
    errorResponseBuilder: (_request, { after }) =>
      new ServiceError('http.too-many-requests', `try again in ${after}`),
  });
  await app.register(swagger, OPENAPI);
  answerProblems(app);
  return app;
}

const OPENAPI = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'exo-bridge',
      description:
        'Lets a Trelica workflow get Exchange Online work done when a person leaves. Answers at once; the work is a job, and its end is the completed Signal step.',
      version: '0.1.0',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'https://exo-bridge.example.org', description: 'Your installation' }],
    tags: [
      { name: 'work', description: 'How work comes in.' },
      { name: 'jobs', description: 'What becomes of it.' },
      { name: 'operating', description: 'What an operator asks of the service as a whole.' },
      { name: 'health', description: 'Whether it could be done.' },
    ],
    components: {
      securitySchemes: {
        webhookToken: { type: 'http' as const, scheme: 'bearer' },
        pollToken: { type: 'http' as const, scheme: 'bearer' },
        operatorToken: { type: 'http' as const, scheme: 'bearer' },
      },
    },
  },
  transform: jsonSchemaTransform,
  transformObject: jsonSchemaTransformObject,
};

function readStrictJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : parseStrictJson(body as Buffer));
    } catch (error) {
      done(error instanceof Error ? error : new Error('unknown fault'));
    }
  });
}

function sendProblem(reply: FastifyReply, problem: Problem): void {
  reply.status(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}

function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemFrom(error, request.id);
    if (problem.status >= 500) {
      request.log.error({ err: error, code: codeOf(error) }, 'request failed');
    }
    if (problem.status === 401) {
      reply.header('www-authenticate', 'Bearer realm="exo-bridge"');
    }
    if (problem.status === 503) {
      reply.header('retry-after', secondsUntilRetry(error));
    }
    sendProblem(reply, problem);
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    const [path = ''] = request.url.split('?');
    const methods = METHODS.filter((method) => app.hasRoute({ method, url: routeOf(path) }));
    if (methods.length > 0) {
      reply.header('allow', methods.join(', '));
      throw new ServiceError('http.method-not-allowed', `allowed here: ${methods.join(', ')}`);
    }
    throw new ServiceError('http.not-found', 'no such address');
  });
}

function secondsUntilRetry(error: unknown): number {
  const asked = error instanceof ServiceError ? error.retryAfterMs : undefined;
  return asked === undefined ? RETRY_AFTER_SECONDS : Math.ceil(asked / 1_000);
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The pattern a path belongs to; jobs have a parameter. */
function routeOf(path: string): string {
  return path.replace(/^\/jobs\/[^/]+/, '/jobs/:id');
}

/** One line a request, without headers and body: they hold tokens and names. */
function logRequests(app: FastifyInstance, onAnswered: OnAnswered = () => undefined): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const ms = Math.round(reply.elapsedTime);
    const facts = { method: request.method, route, ms };
    // Who looks again and again would drown who asks for something.
    const level = request.method === 'GET' && reply.statusCode < 400 ? 'debug' : 'info';
    request.log[level]({ ...facts, status: reply.statusCode }, 'request answered');
    onAnswered(route, reply.statusCode);
    done();
  });
}

/** Connections that are open already may still send requests while the server closes. */
function refuseWhileClosing(app: FastifyInstance): void {
  let isClosing = false;
  let cutOff: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    isClosing = true;
    cutOff = setTimeout(() => app.server.closeAllConnections(), CLOSE_WITHIN_MS);
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearTimeout(cutOff);
    done();
  });
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store');
    if (isClosing) {
      reply.header('connection', 'close');
      done(new ServiceError('service.stopping', 'the service stops'));
      return;
    }
    done();
  });
}

const PARSER_ERRORS: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'http.headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'http.timed-out',
};

/** What the HTTP parser refuses never becomes a request: the answer is written by hand. */
function answerParserError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = PARSER_ERRORS[error.code ?? ''] ?? 'http.invalid-request';
  const problem = problemOf(code, 'the request is not valid HTTP');
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
