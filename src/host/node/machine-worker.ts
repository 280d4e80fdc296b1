/** The thread of a machine in Node. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { ToThread } from '../../api/protocol.ts';
import { serveMachine } from '../../api/thread/server.ts';
import { NodeHost } from './host.ts';

const port = parentPort as MessagePort;
serveMachine(
  {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    listen: (receive) => port.on('message', (message: ToThread) => receive(message)),
  },
  new NodeHost(),
);
