package dev.flynn.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedInputStream;
import org.apache.ratis.thirdparty.com.google.protobuf.CodedOutputStream;
import org.apache.ratis.thirdparty.com.google.protobuf.WireFormat;
import org.apache.ratis.thirdparty.io.grpc.CallOptions;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.MethodDescriptor;
import org.apache.ratis.thirdparty.io.grpc.MethodDescriptor.MethodType;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.apache.ratis.thirdparty.io.grpc.stub.ClientCalls;
import org.apache.ratis.thirdparty.io.grpc.stub.StreamObserver;

/** What measurements ask of etcd, with no more between them and it than gRPC. */
final class Etcd implements AutoCloseable {

    private static final long PATIENCE_MILLIS = 2000;
    /** A put that the dying leader had got would else be waited for long after another leads. */
    private static final long ATTEMPT_MILLIS = 250;

    private final ManagedChannel channel;
    private final MethodDescriptor<byte[], byte[]> put = method("etcdserverpb.KV/Put", MethodType.UNARY);
    private final MethodDescriptor<byte[], byte[]> grant = method("etcdserverpb.Lease/LeaseGrant", MethodType.UNARY);
    private final MethodDescriptor<byte[], byte[]> keepAlive =
            method("etcdserverpb.Lease/LeaseKeepAlive", MethodType.BIDI_STREAMING);
    private final MethodDescriptor<byte[], byte[]> watch =
            method("etcdserverpb.Watch/Watch", MethodType.BIDI_STREAMING);
    private final MethodDescriptor<byte[], byte[]> status = method("etcdserverpb.Maintenance/Status", MethodType.UNARY);

    Etcd(int port) {
        channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .directExecutor()
                .build();
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(type)
                .setFullMethodName(name)
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    void put(String key, String value) {
        ClientCalls.blockingUnaryCall(channel, put, CallOptions.DEFAULT, keyAndValue(key, value, 0));
    }

    /** Fails if it is not done soon. */
    void tryPut(String key, String value) {
        CallOptions soon = CallOptions.DEFAULT.withDeadlineAfter(ATTEMPT_MILLIS, TimeUnit.MILLISECONDS);
        ClientCalls.blockingUnaryCall(channel, put, soon, keyAndValue(key, value, 0));
    }

    void put(String key, String value, long lease) {
        ClientCalls.blockingUnaryCall(channel, put, CallOptions.DEFAULT, keyAndValue(key, value, lease));
    }

    private static byte[] keyAndValue(String key, String value, long lease) {
        return message(out -> {
            out.writeByteArray(1, key.getBytes(StandardCharsets.UTF_8));
            out.writeByteArray(2, value.getBytes(StandardCharsets.UTF_8));
            if (lease != 0) {
                out.writeInt64(3, lease);
            }
        });
    }

    /** A lease of so many seconds. */
    long grant(int seconds) {
        byte[] answer = ClientCalls.blockingUnaryCall(
                channel, grant, CallOptions.DEFAULT, message(out -> out.writeInt64(1, seconds)));
        return numbers(answer).get(2);
    }

    /** Keeps leases alive whose ids it is given. */
    Consumer<Long> keepAlive(Runnable onAnswer) {
        StreamObserver<byte[]> asked = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(keepAlive, CallOptions.DEFAULT), observer(answer -> onAnswer.run()));
        return lease -> asked.onNext(message(out -> out.writeInt64(1, lease)));
    }

    /** Watches a key as so many watchers; each tells when it is ready, and what came. */
    void watch(String key, int watchers, Runnable onReady, Runnable onEvent) {
        StreamObserver<byte[]> asked =
                ClientCalls.asyncBidiStreamingCall(channel.newCall(watch, CallOptions.DEFAULT), observer(answer -> {
                    Map<Integer, Long> fields = numbers(answer);
                    if (fields.getOrDefault(3, 0L) == 1) {
                        onReady.run();
                    } else if (fields.containsKey(11)) {
                        onEvent.run();
                    }
                }));
        byte[] create = message(out ->
                out.writeByteArray(1, message(inner -> inner.writeByteArray(1, key.getBytes(StandardCharsets.UTF_8)))));
        for (int i = 0; i < watchers; i++) {
            asked.onNext(create);
        }
    }

    /** Whether the member at this port leads. */
    boolean isLeader() {
        CallOptions soon = CallOptions.DEFAULT.withDeadlineAfter(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        byte[] answer = ClientCalls.blockingUnaryCall(channel, status, soon, new byte[0]);
        try {
            CodedInputStream in = CodedInputStream.newInstance(answer);
            long self = 0;
            long leader = 0;
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                switch (WireFormat.getTagFieldNumber(tag)) {
                    case 1 -> self = numbers(in.readByteArray()).getOrDefault(2, 0L);
                    case 4 -> leader = in.readUInt64();
                    default -> in.skipField(tag);
                }
            }
            return leader != 0 && leader == self;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private static StreamObserver<byte[]> observer(Consumer<byte[]> onAnswer) {
        return new StreamObserver<>() {
            @Override
            public void onNext(byte[] answer) {
                onAnswer.accept(answer);
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {}
        };
    }

    // ---- protocol buffers

    private interface Writing {
        void to(CodedOutputStream out) throws IOException;
    }

    private static byte[] message(Writing writing) {
        try {
            var bytes = new ByteArrayOutputStream();
            CodedOutputStream out = CodedOutputStream.newInstance(bytes, 512);
            writing.to(out);
            out.flush();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The numbers by field; of other fields how many bytes they have. */
    private static Map<Integer, Long> numbers(byte[] message) {
        try {
            Map<Integer, Long> numbers = new HashMap<>();
            CodedInputStream in = CodedInputStream.newInstance(message);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                int field = WireFormat.getTagFieldNumber(tag);
                if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT) {
                    numbers.put(field, in.readUInt64());
                } else if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                    ByteString bytes = in.readBytes();
                    numbers.put(field, (long) bytes.size());
                } else {
                    in.skipField(tag);
                }
            }
            return numbers;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
