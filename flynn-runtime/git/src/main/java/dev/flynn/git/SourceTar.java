package dev.flynn.git;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * Writes the files of a commit as a tar, as slugbuilder reads it: with an environment, files are below {@code app/} and each
 * variable is a file below {@code env/} (contract: layer 1, flynn-receiver).
 */
final class SourceTar {

    static final String MARKER = ".ENV_DIR_bdca46b87df0537eaefe79bb632d37709ff1df18";

    private SourceTar() {}

    /** @param skipped is told the paths of submodules, which are not fetched */
    static void write(
            Repository repository,
            ObjectId commitId,
            Map<String, String> environment,
            OutputStream out,
            java.util.function.Consumer<String> skipped)
            throws IOException {
        String prefix = environment.isEmpty() ? "" : "app/";
        try (var tar = new TarArchiveOutputStream(out, "UTF-8");
                var walk = new RevWalk(repository);
                var files = new TreeWalk(repository)) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            RevCommit commit = walk.parseCommit(commitId);
            files.addTree(commit.getTree());
            files.setRecursive(true);
            while (files.next()) {
                FileMode mode = files.getFileMode(0);
                if (mode.equals(FileMode.GITLINK)) {
                    skipped.accept(files.getPathString());
                } else {
                    writeFile(repository, files, mode, prefix, commit, tar);
                }
            }
            if (!environment.isEmpty()) {
                writeEnvironment(environment, tar);
            }
            tar.finish();
        }
    }

    private static void writeFile(
            Repository repository,
            TreeWalk files,
            FileMode mode,
            String prefix,
            RevCommit commit,
            TarArchiveOutputStream tar)
            throws IOException {
        ObjectLoader content = repository.open(files.getObjectId(0));
        String name = prefix + files.getPathString();
        if (mode.equals(FileMode.SYMLINK)) {
            var link = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
            link.setLinkName(new String(content.getBytes(), StandardCharsets.UTF_8));
            tar.putArchiveEntry(link);
        } else {
            var file = new TarArchiveEntry(name);
            file.setSize(content.getSize());
            file.setMode(mode.equals(FileMode.EXECUTABLE_FILE) ? 0755 : 0644);
            file.setModTime(commit.getCommitTime() * 1000L);
            tar.putArchiveEntry(file);
            content.copyTo(tar);
        }
        tar.closeArchiveEntry();
    }

    private static void writeEnvironment(Map<String, String> environment, TarArchiveOutputStream tar)
            throws IOException {
        for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
            boolean isFileName = variable.getKey().indexOf('/') < 0;
            if (isFileName) {
                writeText("env/" + variable.getKey(), variable.getValue(), 0644, tar);
            }
        }
        writeText(MARKER, "", 0400, tar);
    }

    private static void writeText(String name, String text, int mode, TarArchiveOutputStream tar) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        var file = new TarArchiveEntry(name);
        file.setSize(bytes.length);
        file.setMode(mode);
        tar.putArchiveEntry(file);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }
}
