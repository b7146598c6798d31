package dev.flynn.git;

import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.job.NewJob;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/** A build job whose program is a function: it has read all of its input when it begins. */
final class FakeBuild implements Controller.AttachedBuild {

    /** What the job runs; gives its exit status. */
    interface Program {
        int run(FakeBuild build) throws IOException, InterruptedException;
    }

    private static final String TYPES = "       Procfile declares types -> web\n";

    /** Says what a builder says, and stores a slug. */
    static final Program SUCCESS = build -> {
        build.say("-----> Node.js app detected\n" + TYPES);
        build.storeSlug();
        return 0;
    };

    final NewJob job;
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch killed = new CountDownLatch(1);

    private final Program program;
    private final ByteArrayOutputStream stdin = new ByteArrayOutputStream();
    private final CountDownLatch stdinClosed = new CountDownLatch(1);
    private @Nullable Output output;

    FakeBuild(NewJob job, Program program) {
        this.job = job;
        this.program = program;
    }

    @Override
    public int run(Output sink) throws IOException {
        output = sink;
        try {
            if (!stdinClosed.await(20, TimeUnit.SECONDS)) {
                throw new IOException("the source did not end");
            }
            begun.countDown();
            return program.run(this);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    void say(String text) {
        say(OutputStreamKind.STDOUT, text);
    }

    void say(OutputStreamKind stream, String text) {
        if (output != null) {
            output.write(stream, text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** PUTs to the URL that the job was given. */
    void storeSlug() throws IOException {
        var connection =
                (HttpURLConnection) URI.create(job.cmd().get(0)).toURL().openConnection();
        connection.setRequestMethod("PUT");
        connection.setDoOutput(true);
        connection.getOutputStream().close();
        if (connection.getResponseCode() != 200) {
            throw new IOException("status " + connection.getResponseCode());
        }
    }

    /** The source by name: the text of files, {@code -> target} of links; programs have a star behind their names. */
    Map<String, String> source() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (var tar = new TarArchiveInputStream(new ByteArrayInputStream(stdin.toByteArray()))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String star = (entry.getMode() & 0100) != 0 && entry.isFile() ? "*" : "";
                files.put(
                        entry.getName() + (entry.isSymbolicLink() ? "" : star),
                        entry.isSymbolicLink()
                                ? "-> " + entry.getLinkName()
                                : new String(tar.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return files;
    }

    @Override
    public synchronized void stdin(byte[] bytes, int length) {
        stdin.write(bytes, 0, length);
    }

    @Override
    public void closeStdin() {
        stdinClosed.countDown();
    }

    @Override
    public void kill() {
        killed.countDown();
    }

    @Override
    public void close() {
        killed.countDown();
    }
}
