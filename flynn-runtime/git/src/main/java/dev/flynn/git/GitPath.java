package dev.flynn.git;

import java.util.Optional;
import java.util.regex.Pattern;

/** What a request of git's smart HTTP protocol is about (contract: layer 1, gitreceive, HTTP contract). */
record GitPath(String app, Action action) {

    private static final Pattern NAME = Pattern.compile("[a-z\\d]+(-[a-z\\d]+)*");

    enum Action {
        INFO_REFS("GET", "/info/refs"),
        UPLOAD_PACK("POST", "/git-upload-pack"),
        RECEIVE_PACK("POST", "/git-receive-pack");

        private final String method;
        private final String suffix;

        Action(String method, String suffix) {
            this.method = method;
            this.suffix = suffix;
        }
    }

    /** Empty for a path that is none of them, or names no possible app. */
    static Optional<GitPath> parse(String method, String path) {
        for (Action action : Action.values()) {
            if (method.equals(action.method) && path.startsWith("/") && path.endsWith(action.suffix)) {
                String name = path.substring(1, Math.max(1, path.length() - action.suffix.length()));
                String app = name.endsWith(".git") ? name.substring(0, name.length() - 4) : name;
                return NAME.matcher(app).matches() ? Optional.of(new GitPath(app, action)) : Optional.empty();
            }
        }
        return Optional.empty();
    }
}
