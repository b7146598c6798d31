package dev.flynn.router;

import dev.flynn.spi.router.Router;
import dev.flynn.tck.router.RouterSetup;
import dev.flynn.tck.router.RouterTck;

class NettyRouterTckTest extends RouterTck {

    @Override
    protected Router openRouter(RouterSetup setup) {
        NettyRouter.Builder builder = NettyRouter.builder()
                .listenIp("127.0.0.1")
                .httpPort(0)
                .tlsEngine(System.getProperty("router.tls", "auto"))
                .cookieKey(setup.cookieKey())
                .closeGrace(setup.closeGrace());
        setup.defaultCertificate().ifPresent(certificate -> builder.httpsPort(0).defaultCertificate(certificate));
        return builder.build();
    }
}
