package dev.flynn.link.logs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.link.HostLink;
import dev.flynn.logs.LocalAggregators;
import dev.flynn.spi.component.Subscription;

/** Takes lines of other hosts for the log aggregators of this one. */
public final class LogReceiver {

    private static final byte[] TAKEN = {};

    private LogReceiver() {}

    /** Serves until the subscription is closed. */
    public static Subscription serve(HostLink link, LocalAggregators aggregators) {
        return link.serveBlocking(LogMessages.SERVICE, (caller, method, request) -> switch (method) {
            case LogMessages.OPEN -> LogMessages.opened(aggregators.open(caller));
            case LogMessages.APPEND -> {
                LogMessages.Append append = LogMessages.append(request);
                aggregators.append(caller, append.generation(), append.chunks());
                yield TAKEN;
            }
            default -> throw FlynnException.unsupported("\"" + method + "\" of logs");
        });
    }
}
