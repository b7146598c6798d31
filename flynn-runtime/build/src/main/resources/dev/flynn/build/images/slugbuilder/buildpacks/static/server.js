// Serves the directory that .static/root names, without its hidden files.
const fs = require('fs');
const http = require('http');
const path = require('path');

const root = fs.realpathSync(fs.readFileSync(path.join(__dirname, 'root'), 'utf8').trim());
const types = {
  '.css': 'text/css; charset=utf-8', '.gif': 'image/gif', '.htm': 'text/html; charset=utf-8',
  '.html': 'text/html; charset=utf-8', '.ico': 'image/x-icon', '.jpeg': 'image/jpeg', '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8', '.json': 'application/json', '.mjs': 'text/javascript; charset=utf-8',
  '.pdf': 'application/pdf', '.png': 'image/png', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm', '.webp': 'image/webp', '.woff2': 'font/woff2', '.xml': 'application/xml',
};

function find(url) {
  const name = decodeURIComponent(url.split(/[?#]/)[0]);
  if (name.includes('\0') || name.split('/').some((part) => part.startsWith('.'))) return null;
  let file = fs.realpathSync(path.join(root, name));
  if (fs.statSync(file).isDirectory()) file = fs.realpathSync(path.join(file, 'index.html'));
  return file.startsWith(root + path.sep) && fs.statSync(file).isFile() ? file : null;
}

const server = http.createServer((request, response) => {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end('Method Not Allowed\n');
    return;
  }
  let file = null;
  try {
    file = find(request.url);
  } catch (absent) {
    // answered below
  }
  if (!file) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not Found\n');
    return;
  }
  const found = fs.statSync(file);
  response.writeHead(200, {
    'Content-Type': types[path.extname(file).toLowerCase()] || 'application/octet-stream',
    'Content-Length': found.size,
    'Last-Modified': found.mtime.toUTCString(),
  });
  if (request.method === 'HEAD') response.end();
  else fs.createReadStream(file).on('error', () => response.destroy()).pipe(response);
});

server.listen(Number(process.env.PORT || 8080), process.env.LISTEN_IP || '0.0.0.0', () => console.log('serving files'));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  if (server.closeIdleConnections) server.closeIdleConnections();
});
