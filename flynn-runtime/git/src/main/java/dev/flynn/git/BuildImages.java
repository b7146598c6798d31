package dev.flynn.git;

import java.util.Map;

/**
 * The images that build and run what is pushed, as artifact URIs of type {@code host}.
 *
 * @param env what every build gets, such as a key to fetch private buildpacks with
 */
record BuildImages(String slugbuilder, String slugrunner, Map<String, String> env) {

    BuildImages {
        env = Map.copyOf(env);
    }

    @Override
    public String toString() {
        return "BuildImages[" + slugbuilder + ", " + slugrunner + "]";
    }
}
