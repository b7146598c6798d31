// Says where it runs, and finishes what it has begun before it stops.
const http = require('http');
const os = require('os');

const port = process.env.PORT || 3000;
const container = process.env.HOSTNAME || os.hostname();

const server = http.createServer((request, response) => {
  response.end(`Hello from Flynn on port ${port} from container ${container}\n`);
});

server.listen(port, () => console.log(`listening on ${port}`));

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
