package dev.flynn.identity;

import java.util.Map;

/** What a joining host and its cluster say to each other, as JSON. */
final class JoinMessages {

    static final int FORMAT = 1;

    private JoinMessages() {}

    /** @param request PKCS #10, in base64 */
    record Request(int format, String token, String hostId, String request) {}

    /**
     * A certificate with what else the host needs to know, or a refusal.
     *
     * @param code empty unless refused
     */
    record Reply(String certificate, Map<String, String> facts, String code, String message) {

        static Reply joined(String certificate, Map<String, String> facts) {
            return new Reply(certificate, facts, "", "");
        }

        static Reply refused(String code, String message) {
            return new Reply("", Map.of(), code, message);
        }
    }
}
