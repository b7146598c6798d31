package dev.flynn.configurator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

class TransformersTest {

    @Test
    void nginx() {
        assertThat(transform("nginx", """
                {"user": "nobody", "worker_processes": 4, "events": {"worker_connections": 768},
                 "http": {
                   "sendfile": true, "tcp_nopush": false, "ip_hash": null,
                   "upstream": {"app": {"server": {"10.0.0.1:80": {"weight": 2, "backup": true, "down": false}, "10.0.0.2:80": null}},
                                "list": {"server": ["10.0.0.3:80", "10.0.0.4:80"], "keepalive": 8}},
                   "map": {"$http_upgrade $connection": {"default": "upgrade", "''": "close"}},
                   "server": [
                     {"listen": {"80": {"default_server": true}, "443": {"ssl": true, "backlog": 9}}, "server_name": ["a.test", "b.test"],
                      "location": {"/": {"proxy_pass": "http://app"}, "= /x": {"return": [204]}}},
                     [["listen", 81], ["set", "$a 1"], ["set", "$b 2"]]
                   ]}}
                """)).isEqualTo("""
                user nobody;
                worker_processes 4;
                events {
                    worker_connections 768;
                }
                http {
                    sendfile on;
                    tcp_nopush off;
                    ip_hash;
                    upstream app {
                        server 10.0.0.1:80 weight=2 backup;
                        server 10.0.0.2:80;
                    }
                    upstream list {
                        server 10.0.0.3:80;
                        server 10.0.0.4:80;
                        keepalive 8;
                    }
                    map $http_upgrade $connection {
                        default upgrade;
                        '' close;
                    }
                    server {
                        listen 80 default_server;
                        listen 443 ssl backlog=9;
                        server_name a.test b.test;
                        location / {
                            proxy_pass http://app;
                        }
                        location = /x {
                            return 204;
                        }
                    }
                    server {
                        listen 81;
                        set $a 1;
                        set $b 2;
                    }
                }
                """);
    }

    @Test
    void haproxy() {
        assertThat(transform("haproxy", """
                {"global": {"daemon": true, "maxconn": 256, "quiet": false},
                 "defaults": {"mode": "http", "timeout": {"connect": "5s", "client": "1m"}},
                 "frontend": {"web": {"bind": "*:80", "acl": [["api", "path_beg", "/api"], ["www", "hdr(host)", "www"]], "default_backend": "app"}},
                 "backend": {"app": {"balance": "roundrobin", "option": {"httpchk": null}, "server": [["one", "10.0.0.1:80", "check"]]}}}
                """)).isEqualTo("""
                global
                    daemon
                    maxconn 256

                defaults
                    mode http
                    timeout connect 5s
                    timeout client 1m

                frontend web
                    bind *:80
                    acl api path_beg /api
                    acl www hdr(host) www
                    default_backend app

                backend app
                    balance roundrobin
                    option httpchk
                    server one 10.0.0.1:80 check
                """);
    }

    @Test
    void toml() {
        assertThat(transform("toml", """
                {"title": "a \\"b\\"", "on": true, "none": null, "list": [1, "x"], "a key": 1.5, "table": {"x": "y"}, "more": {}}
                """)).isEqualTo("""
                title = "a \\"b\\""
                on = true
                list = [1, "x"]
                "a key" = 1.5

                [table]
                x = "y"

                [more]
                """);
    }

    @Test
    void whatCannotBeWrittenIsNamed() {
        refuses("nginx", "{\"http\": {\"server\": {\"listen\": {\"80\": {\"a\": {}}}}}}", "a word must be");
        refuses("haproxy", "{\"fronted\": {}}", "there is no section \"fronted\"");
        refuses("haproxy", "{\"global\": {\"dameon\": true}}", "there is no keyword \"dameon\" (in global)");
        refuses("toml", "{\"a\": {\"b\": {}}}", "one level of tables");
    }

    @Test
    void aCommandTransformsOrSaysWhyNot() {
        assertThat(transform("tr a-z A-Z", "{\"a\":1}")).isEqualTo("{\"A\":1}");
        refuses("sh -c 'echo it is wrong >&2; exit 1'", "{}", "it is wrong");
    }

    private static String transform(String name, String document) {
        return Transformer.named(name).transform(Json.parse(document));
    }

    private static void refuses(String name, String document, String reason) {
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> transform(name, document))
                .withMessageContaining(reason);
    }
}
