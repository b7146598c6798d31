// A page that talks to its server over a WebSocket, and tells how it came.
const fs = require('fs');
const http = require('http');
const { WebSocketServer } = require('ws');

const page = fs.readFileSync(`${__dirname}/index.html`);

const server = http.createServer((request, response) => {
  if (request.url === '/') {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
  } else {
    response.writeHead(404).end('Not Found\n');
  }
});

const sockets = new WebSocketServer({ server, path: '/echo' });
sockets.on('connection', (socket) => socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary })));

server.listen(process.env.PORT || 3000, () => console.log('listening'));

// clients are told to come back, and what was begun ends
process.on('SIGTERM', () => {
  sockets.clients.forEach((socket) => socket.close(1001));
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
