package dev.flynn.link;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.JoinAttempt;
import dev.flynn.link.Wire.ProtocolException;
import dev.flynn.link.Wire.Role;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** How a host that belongs to no cluster asks to join one. */
public final class JoinClient {

    private static final int MAX_ANSWER_BYTES = 256 * 1024;

    private JoinClient() {}

    /**
     * Asks the hosts of a cluster, one after the other, until one answers.
     *
     * @param addresses of links: {@code ip:port}
     * @param timeout for each of them
     * @throws FlynnException {@code UNAUTHORIZED}, {@code CONFLICT} or {@code VALIDATION} if the cluster refuses, or is not
     *     the one that the token is for; {@code SERVICE_UNAVAILABLE} if nobody answers: try again
     */
    public static JoinAttempt.Joined join(List<String> addresses, JoinAttempt attempt, Duration timeout) {
        FlynnException last = FlynnException.invalid("to join a cluster, name the address of one of its hosts");
        for (String address : addresses) {
            try {
                return join(address, attempt, timeout);
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE && e.code() != ErrorCode.RATE_LIMITED) {
                    throw e;
                }
                last = e;
            }
        }
        throw last;
    }

    private static JoinAttempt.Joined join(String address, JoinAttempt attempt, Duration timeout) {
        try (PlainConnection connection =
                PlainConnection.open(address, null, attempt.trustManager(), Role.STRANGER, "", timeout)) {
            byte[] request = attempt.request();
            connection.out().writeInt(request.length);
            connection.out().write(request);
            connection.out().flush();
            int length = connection.in().readInt();
            if (length < 0 || length > MAX_ANSWER_BYTES) {
                throw new ProtocolException("an answer of %s bytes".formatted(Integer.toUnsignedString(length)));
            }
            return attempt.accept(connection.in().readNBytes(length), connection.session());
        } catch (IOException | ProtocolException e) {
            throw PlainConnection.failure(address, e);
        }
    }
}
