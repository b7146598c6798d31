"""Serves the directory that .static/root names, without its hidden files."""
import functools
import http.server
import os
import signal
import threading

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "root")) as file:
    ROOT = os.path.realpath(file.read().strip())


class Files(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def send_head(self):
        if not self.visible():
            self.send_error(404, "Not Found")
            return None
        return super().send_head()

    def visible(self):
        try:
            path = self.translate_path(self.path)
            real = os.path.realpath(path)
        except ValueError:
            return False
        hidden = any(part.startswith(".") for part in os.path.relpath(path, ROOT).split(os.sep) if part != ".")
        return not hidden and (real == ROOT or real.startswith(ROOT + os.sep))

    def list_directory(self, path):
        self.send_error(404, "Not Found")
        return None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False  # requests that have begun are finished


address = (os.environ.get("LISTEN_IP", "0.0.0.0"), int(os.environ.get("PORT", "8080")))
server = Server(address, functools.partial(Files, directory=ROOT))
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("serving files", flush=True)
server.serve_forever()
server.socket.close()
