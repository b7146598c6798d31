package dev.flynn.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Why a file cannot be read or written, in words: the exceptions of files have only the path as their message. */
final class FileProblem {

    private FileProblem() {}

    /** The file and what is wrong with it, if that is known; else what the failure says. */
    static String of(IOException e) {
        return e instanceof FileSystemException file && reason(file) != null
                ? file.getFile() + ": " + reason(file)
                : String.valueOf(e.getMessage());
    }

    private static @Nullable String reason(FileSystemException e) {
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "there is such a file already";
        }
        return e.getReason();
    }
}
