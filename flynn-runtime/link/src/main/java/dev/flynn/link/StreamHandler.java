package dev.flynn.link;

/** Serves the streams that other hosts open. */
@FunctionalInterface
public interface StreamHandler {

    /**
     * A host opened a stream. May block; what the host sends waits meanwhile.
     *
     * @param argument what the host said with it
     * @param stream to send by, also at once
     * @return hears what the host sends; a failure of this method reaches the host
     */
    StreamListener open(String caller, String method, byte[] argument, LinkStream stream);
}
