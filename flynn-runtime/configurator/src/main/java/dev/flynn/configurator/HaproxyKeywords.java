package dev.flynn.configurator;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The words that a line of HAProxy's configuration begins with, in sections of the kinds that are written here (its configuration
 * manual, sections 3, 4 and 12.1).
 */
final class HaproxyKeywords {

    private static final Set<String> ALL = Arrays.stream("""
            51degrees-cache-size acl backlog balance bind bind-process busy-polling ca-base capture chroot
            clitcpka-cnt clitcpka-idle clitcpka-intvl close-spread-time cluster-secret compression cookie cpu-map
            crt-base daemon default-path default-server default_backend description deviceatlas-json-file disabled
            dispatch email-alert enabled error-log-format errorfile errorfiles errorloc errorloc302 errorloc303
            expose-deprecated-directives expose-experimental-directives external-check fd-hard-limit filter
            force-persist fullconn gid grace group grp guid h1-accept-payload-with-any-method h1-case-adjust
            h1-case-adjust-file h2-workaround-bogus-websocket-clients hard-stop-after harden hash-balance-factor
            hash-preserve-affinity hash-type http-after-response http-check http-error http-request http-response
            http-reuse http-send-name-header httpclient.resolvers.id httpclient.ssl.verify id ignore-persist
            insecure-fork-wanted insecure-setuid-wanted issuers-chain-path key-base load-server-state-from-file
            localpeer log log-format log-format-sd log-send-hostname log-steps log-tag lua-load lua-load-per-thread
            lua-prepend-path master-worker max-keep-alive-queue max-session-srv-conns max-spread-checks
            maxcompcpuusage maxcomprate maxconn maxconnrate maxpipes maxsessrate maxsslconn maxsslrate maxzlibmem
            mode monitor monitor-net monitor-uri mworker-max-reloads nbproc nbthread no no-memory-trimming node
            noepoll noevports nogetaddrinfo nokqueue nopoll noreuseport nosplice numa-cpu-mapping option persist
            pidfile pp2-never-send-local prealloc-fd presetenv profiling.memory profiling.tasks quiet rate-limit
            redirect resetenv retries retry-on server server-state-base server-state-file server-state-file-name
            server-template set-dumpable set-var set-var-fmt setcap setenv source spread-checks srvtcpka-cnt
            srvtcpka-idle srvtcpka-intvl ssl-default-bind-ciphers ssl-default-bind-ciphersuites
            ssl-default-bind-client-sigalgs ssl-default-bind-curves ssl-default-bind-options
            ssl-default-bind-sigalgs ssl-default-server-ciphers ssl-default-server-ciphersuites
            ssl-default-server-options ssl-dh-param-file ssl-engine ssl-load-extra-del-ext ssl-load-extra-files
            ssl-mode-async ssl-propquery ssl-provider ssl-provider-path ssl-server-verify ssl-skip-self-issued-ca
            stats stick stick-table strict-limits tcp-check tcp-request tcp-response thread-group thread-groups
            thread-hard-limit timeout transparent tune.buffers.limit tune.buffers.reserve tune.bufsize
            tune.comp.maxlevel tune.fail-alloc tune.fd.edge-triggered tune.h1.zero-copy-fwd-recv
            tune.h1.zero-copy-fwd-send tune.h2.be.initial-window-size tune.h2.be.max-concurrent-streams
            tune.h2.fe.initial-window-size tune.h2.fe.max-concurrent-streams tune.h2.header-table-size
            tune.h2.initial-window-size tune.h2.max-concurrent-streams tune.h2.max-frame-size tune.http.cookielen
            tune.http.logurilen tune.http.maxhdr tune.idle-pool.shared tune.idletimer tune.listener.default-shards
            tune.listener.multi-queue tune.lua.burst-timeout tune.lua.forced-yield tune.lua.maxmem
            tune.lua.service-timeout tune.lua.session-timeout tune.lua.task-timeout tune.maxaccept
            tune.maxpollevents tune.maxrewrite tune.memory.hot-size tune.pattern.cache-size
            tune.peers.max-updates-at-once tune.pipesize tune.pool-high-fd-ratio tune.pool-low-fd-ratio
            tune.rcvbuf.client tune.rcvbuf.server tune.recv_enough tune.runqueue-depth tune.sched.low-latency
            tune.sndbuf.client tune.sndbuf.server tune.ssl.cachesize tune.ssl.capture-buffer-size
            tune.ssl.capture-cipherlist-size tune.ssl.default-dh-param tune.ssl.force-private-cache
            tune.ssl.hard-maxrecord tune.ssl.keylog tune.ssl.lifetime tune.ssl.maxrecord
            tune.ssl.ssl-ctx-cache-size tune.vars.global-max-size tune.vars.proc-max-size tune.vars.reqres-max-size
            tune.vars.sess-max-size tune.vars.txn-max-size tune.zlib.memlevel tune.zlib.windowsize uid ulimit-n
            unique-id-format unique-id-header unix-bind unsetenv use-fcgi-app use-server use_backend user
            wurfl-data-file zero-warning
            """.split("\\s+")).collect(Collectors.toUnmodifiableSet());

    private HaproxyKeywords() {}

    static boolean isKnown(String keyword) {
        return ALL.contains(keyword);
    }
}
