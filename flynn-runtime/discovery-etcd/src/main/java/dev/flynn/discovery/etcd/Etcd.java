package dev.flynn.discovery.etcd;

import dev.flynn.api.error.FlynnException;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.common.exception.ErrorCode;
import io.etcd.jetcd.common.exception.EtcdException;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** The questions that discovery asks etcd, in strings, with a time limit and with our errors. Thread-safe. */
final class Etcd implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** A list of all instances of a large cluster is longer than the client's usual 4 MiB. */
    private static final int MAX_ANSWER_BYTES = 512 << 20;

    private final EtcdConfig config;
    private final Client client;

    Etcd(EtcdConfig config) {
        this.config = config;
        ClientBuilder builder = Client.builder()
                .endpoints(config.endpoints())
                .connectTimeout(PATIENCE)
                .keepaliveTime(Duration.ofSeconds(10))
                .keepaliveTimeout(PATIENCE)
                .retryMaxDuration(PATIENCE)
                .maxInboundMessageSize(MAX_ANSWER_BYTES)
                .waitForReady(true);
        if (!config.user().isEmpty()) {
            builder.user(bytes(config.user())).password(bytes(config.password()));
        }
        if (config.endpoints().get(0).getScheme().equals("https")) {
            secure(builder);
        }
        this.client = builder.build();
    }

    private void secure(ClientBuilder builder) {
        try {
            builder.sslContext(this::configure);
        } catch (SSLException | IllegalArgumentException e) {
            throw FlynnException.invalid(
                    "the certificates for %s cannot be used: %s".formatted(config, e.getMessage()));
        }
    }

    private void configure(SslContextBuilder tls) {
        config.caFile().ifPresent(file -> tls.trustManager(file.toFile()));
        config.certFile()
                .ifPresent(file -> tls.keyManager(
                        file.toFile(), config.keyFile().orElseThrow().toFile()));
    }

    // ---- parts of transactions

    static Cmp exists(String key) {
        return new Cmp(bytes(key), Cmp.Op.GREATER, CmpTarget.version(0));
    }

    static Cmp isAbsent(String key) {
        return new Cmp(bytes(key), Cmp.Op.EQUAL, CmpTarget.version(0));
    }

    /** @param modRevision 0 for a key that is not there */
    static Cmp isUnchanged(String key, long modRevision) {
        return new Cmp(bytes(key), Cmp.Op.EQUAL, CmpTarget.modRevision(modRevision));
    }

    static Cmp holds(String key, String value) {
        return new Cmp(bytes(key), Cmp.Op.EQUAL, CmpTarget.value(bytes(value)));
    }

    static Op put(String key, String value) {
        return Op.put(bytes(key), bytes(value), PutOption.DEFAULT);
    }

    static Op put(String key, String value, long lease) {
        return Op.put(
                bytes(key), bytes(value), PutOption.builder().withLeaseId(lease).build());
    }

    static Op get(String key) {
        return Op.get(bytes(key), GetOption.DEFAULT);
    }

    static Op getAll(String prefix) {
        return Op.get(bytes(prefix), GetOption.builder().isPrefix(true).build());
    }

    static Op delete(String key) {
        return Op.delete(bytes(key), DeleteOption.DEFAULT);
    }

    static Op deleteAll(String prefix) {
        return Op.delete(bytes(prefix), DeleteOption.builder().isPrefix(true).build());
    }

    // ---- questions

    /** What is below a prefix, all as of one revision. */
    GetResponse list(String prefix) {
        return await(client.getKVClient()
                .get(bytes(prefix), GetOption.builder().isPrefix(true).build()));
    }

    GetResponse listKeys(String prefix) {
        return await(client.getKVClient()
                .get(
                        bytes(prefix),
                        GetOption.builder().isPrefix(true).withKeysOnly(true).build()));
    }

    TxnResponse transact(List<Cmp> conditions, Op... operations) {
        return await(transactLater(conditions, operations));
    }

    CompletableFuture<TxnResponse> transactLater(List<Cmp> conditions, Op... operations) {
        return client.getKVClient()
                .txn()
                .If(conditions.toArray(Cmp[]::new))
                .Then(operations)
                .commit();
    }

    long grant(Duration ttl) {
        return await(client.getLeaseClient().grant(ttl.toSeconds())).getID();
    }

    /** Whether the lease was still there and lives its whole time again. */
    boolean renew(long lease) {
        try {
            return await(client.getLeaseClient().keepAliveOnce(lease)).getTTL() > 0;
        } catch (FlynnException e) {
            if (isLeaseGone(e)) {
                return false;
            }
            throw e;
        }
    }

    Watch.Watcher watch(String prefix, long fromRevision, Watch.Listener listener) {
        return client.getWatchClient()
                .watch(
                        bytes(prefix),
                        WatchOption.builder()
                                .isPrefix(true)
                                .withRevision(fromRevision)
                                .withRequireLeader(true)
                                .build(),
                        listener);
    }

    static boolean isLeaseGone(FlynnException failure) {
        return failure.getCause() instanceof EtcdException told
                && (told.getErrorCode() == ErrorCode.NOT_FOUND
                        || String.valueOf(told.getMessage()).contains("lease not found"));
    }

    <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw unavailable(String.valueOf(cause.getMessage()), cause);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw unavailable("no answer in %d s".formatted(PATIENCE.toSeconds()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("interrupted", e);
        }
    }

    private FlynnException unavailable(String reason, Throwable cause) {
        return FlynnException.unavailable("%s does not do what it is asked: %s".formatted(config, reason), cause);
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        client.close();
    }
}
