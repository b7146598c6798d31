package com.example.router;

import dev.flynn.router.NettyRouter;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;

/** Leads two hosts to their backends. */
public final class EmbedRouter {

    public static void main(String[] args) throws InterruptedException {
        NettyRouter router = start(8080, "127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003");
        Runtime.getRuntime().addShutdownHook(new Thread(router::close));
        System.out.println("http://shop.localhost:8080 and http://blog.localhost:8080; Ctrl-C ends it");
        Thread.currentThread().join();
    }

    static NettyRouter start(int port, String shop, String... blog) {
        RouteTable table = RouteTable.builder()
                .route(HttpRoute.to("shop.localhost", "shop"))
                .route(HttpRoute.to("blog.localhost", "blog").sticky())
                .backends("shop", shop)
                .backends("blog", blog)
                .build();
        return NettyRouter.builder().httpPort(port).table(table).build();
    }
}
