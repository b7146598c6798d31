package dev.flynn.cli;

/**
 * A cluster that the user has added; absent texts are empty (contract: CLI, Cluster file).
 *
 * @param key password for the controller and for git
 * @param tlsPin base64 of the SHA-256 of the server's certificate
 * @param gitUrl where git pushes go, without a slash at the end
 * @param oauthUrl kept for later clients, like the two that follow
 */
record Cluster(
        String name,
        String key,
        String tlsPin,
        String controllerUrl,
        String gitUrl,
        String oauthUrl,
        String imageUrl,
        String dockerPushUrl) {

    Cluster(String name, String key, String tlsPin, String controllerUrl, String gitUrl) {
        this(name, key, tlsPin, controllerUrl, gitUrl, "", "", "");
    }

    Cluster withTlsPin(String pin) {
        return new Cluster(name, key, pin, controllerUrl, gitUrl, oauthUrl, imageUrl, dockerPushUrl);
    }

    /** Where git pushes of an app go. */
    String gitUrl(String app) {
        return gitUrl + "/" + app + ".git";
    }

    /** The app that a git URL belongs to; empty if it is none of this cluster. */
    String appOf(String url) {
        boolean ours = !gitUrl.isEmpty() && url.startsWith(gitUrl + "/") && url.endsWith(".git");
        int end = url.length() - ".git".length();
        return ours && end > gitUrl.length() ? url.substring(gitUrl.length() + 1, end) : "";
    }

    @Override
    public String toString() {
        return "Cluster[" + name + " at " + controllerUrl + "]";
    }
}
