// Says where it runs, and finishes what it has begun before it stops.
const http = require('http');
const os = require('os');

const port = process.env.PORT || 3000;
const container = process.env.HOSTNAME || os.hostname();

let stopping = false;

const server = http.createServer((request, response) => {
  if (stopping) response.setHeader('Connection', 'close');
  response.end(`Hello from Flynn on port ${port} from container ${container}\n`);
});

server.listen(port, () => console.log(`listening on ${port}`));

process.on('SIGTERM', () => {
  stopping = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
