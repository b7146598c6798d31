package dev.flynn.containers.oci;

import dev.flynn.api.error.FlynnException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * The way into a job's standard input: conmon's attach socket, which takes packets, and which the JDK cannot connect to. A
 * line of Perl can; when this process dies, the job reads end of file.
 */
record AttachInput(Process bridge, OutputStream stream) {

    private static final String BRIDGE = """
            use Socket;
            # an address has 108 bytes, a path may have more
            chdir($ARGV[0]) && socket(S, AF_UNIX, SOCK_SEQPACKET, 0) && connect(S, pack_sockaddr_un($ARGV[1]))
              or print("$!\\n"), exit 1;
            $SIG{PIPE} = "IGNORE";
            shutdown(S, 0);
            syswrite(STDOUT, "ok\\n");
            # conmon takes no larger packets
            while (sysread(STDIN, $_, 32768)) { send(S, $_, 0) or exit }
            shutdown(S, 1);
            """;

    static AttachInput open(Path bundle) {
        try {
            Process bridge = Shell.builder(List.of("perl", "-e", BRIDGE, bundle.toString(), "attach"))
                    .redirectInput(Redirect.PIPE)
                    .redirectErrorStream(true)
                    .start();
            try (var answer =
                    new BufferedReader(new InputStreamReader(bridge.getInputStream(), StandardCharsets.UTF_8))) {
                String said = answer.readLine();
                if (!"ok".equals(said)) {
                    throw new IOException(said == null ? "perl ended" : said);
                }
            }
            return new AttachInput(bridge, new Unbuffered(bridge.getOutputStream()));
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot reach the standard input of a job: " + e.getMessage(), e);
        }
    }

    void close() {
        bridge.destroy();
    }

    /** What is written arrives at once. */
    private static final class Unbuffered extends java.io.FilterOutputStream {

        Unbuffered(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            out.flush();
        }
    }
}
