package dev.flynn.controller.http;

import org.glassfish.grizzly.filterchain.BaseFilter;
import org.glassfish.grizzly.filterchain.FilterChainBuilder;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.FilterChainEvent;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.http.HttpEvents;
import org.glassfish.grizzly.http.HttpHeader;
import org.glassfish.grizzly.http.server.AddOn;
import org.glassfish.grizzly.http.server.HttpServerFilter;
import org.glassfish.grizzly.http.server.NetworkListener;

/**
 * Lets only the attach protocol be an upgrade. Grizzly takes every request with an {@code Upgrade} header for one and then
 * does not know where its body ends, so that a client which merely offers HTTP/2 would wait until a timeout.
 */
final class UpgradeFilter extends BaseFilter implements AddOn {

    @Override
    public void setup(NetworkListener listener, FilterChainBuilder chain) {
        chain.add(chain.indexOfType(HttpServerFilter.class), this);
    }

    @Override
    public NextAction handleEvent(FilterChainContext ctx, FilterChainEvent event) {
        if (event.type() == HttpEvents.IncomingHttpUpgradeEvent.TYPE) {
            HttpHeader head = ((HttpEvents.IncomingHttpUpgradeEvent) event).getHttpHeader();
            if (!isAttach(head.getUpgrade())) {
                head.getUpgradeDC().recycle();
                head.setIgnoreContentModifiers(false);
            }
        }
        return ctx.getInvokeAction();
    }

    /** Whether the header names the attach protocol, as one of several too. */
    static boolean isAttach(String upgrade) {
        return upgrade.contains(AttachFrames.PROTOCOL);
    }
}
