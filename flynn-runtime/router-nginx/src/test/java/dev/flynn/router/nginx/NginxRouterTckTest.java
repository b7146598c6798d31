package dev.flynn.router.nginx;

import dev.flynn.spi.router.Router;
import dev.flynn.tck.router.RouterSetup;
import dev.flynn.tck.router.RouterTck;

class NginxRouterTckTest extends RouterTck {

    @Override
    protected Router openRouter(RouterSetup setup) {
        NginxRouter.Builder builder = NginxRouter.builder(setup.directory())
                .listenIp("127.0.0.1")
                .httpPort(0)
                .cookieKey(setup.cookieKey())
                .closeGrace(setup.closeGrace())
                .workers(2);
        setup.defaultCertificate().ifPresent(certificate -> builder.httpsPort(0).defaultCertificate(certificate));
        return builder.build();
    }

    /** Each is a reload of nginx, with new processes. */
    @Override
    protected int tablesUnderLoad() {
        return 4;
    }
}
