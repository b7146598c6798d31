package dev.flynn.cli;

/** How commands make and remove the git remote of an app. */
final class Remotes {

    static final String DEFAULT_NAME = "flynn";

    private Remotes() {}

    /** Whether a remote may be created: it is not there, or the user lets it be replaced. */
    static boolean mayCreate(Context context, String remote, boolean yes) {
        if (yes || !context.git().hasRemote(remote)) {
            return true;
        }
        context.console().print("There is already a git remote called " + remote);
        if (context.console().confirm("Are you sure you want to replace it?")) {
            return true;
        }
        context.console()
                .tell(
                        "The remote was not created. Please declare the desired local git remote name with --remote flag.");
        return false;
    }

    static void create(Context context, String remote, String url) {
        context.git().removeRemote(remote);
        context.git().addRemote(remote, url);
    }
}
